// Takes the same random steps in a server and in the model of the rules, and compares what the two say.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/core/core_testing.h"
#include "tests/model/lives_model.h"
#include "tests/model/random_choice.h"

namespace kobling::tests {

enum class Kills { kNone, kSome };

class Lives {
 public:
  Lives(std::uint64_t seed, Kills kills);

  void Step();
  // What the last step may have changed, and something of everything else.
  void Compare();
  // Everything: every key file again, every register, many persons.
  void CompareAll();

  // How often each kind of step was let through.
  const std::map<std::string, int>& done() const { return done_; }

 private:
  std::size_t Below(std::size_t limit) { return random_.Below(limit); }
  template <typename Options>
  auto& OneOf(Options& options) {
    return random_.OneOf(options);
  }
  std::string SomeProject() { return OneOf(model_.projects).first; }
  std::string SomeNamer() { return Below(2) == 0 ? "NPR" : "MFR"; }
  std::string SomeRegister();
  PeopleSet SomeIdentifiers(std::size_t most);
  LifeProject& ProjectOf(const std::string& name) { return model_.projects.at(name); }
  LifeSource& SourceOf(const std::string& name, const std::string& id) { return ProjectOf(name).sources.at(id); }
  std::string InDays(int days);

  // Does something in both, unless the server is killed over it: then the model has it done if the server kept it.
  // The answer if it was let through.
  template <typename Predict, typename Do>
  auto Act(const std::string& what, const Predict& predict, const Do& act)
      -> std::optional<std::decay_t<decltype(*act())>> {
    SCOPED_TRACE(what);
    std::optional<LivesModel> before;
    const std::uint64_t events = server_.event_log().size();
    if (ArmAKill(0)) {
      before = model_;
    }
    const Refusal refusal = predict();
    auto outcome = act();
    if (server_.store().is_dead()) {
      Revive();
      const bool is_kept = server_.event_log().size() > events;
      ++done_[is_kept ? "killed after it was kept" : "killed before it was kept"];
      if (!is_kept) {
        model_ = *std::move(before);
      }
      return std::nullopt;
    }
    server_.store().Mend();
    if (refusal.has_value()) {
      EXPECT_THAT(outcome, server::RefusedWith(*refusal));
      ++done_[what + ", refused"];
      return std::nullopt;
    }
    EXPECT_THAT(outcome, server::IsOk());
    if (!outcome.ok()) {
      return std::nullopt;
    }
    ++done_[what];
    return *std::move(outcome);
  }
  // The server dies over the commit after so many, or not.
  bool ArmAKill(int commits);
  void Revive();

  // Steps.
  void NewProject();
  void NewProjectOrDays();
  void Feed();
  void Submit();
  void Submit(const std::string& name, const std::string& id);
  void SubmitMore();
  void Complete();
  void Complete(const std::string& name);
  void Reopen();
  void Reopen(const std::string& name, const std::string& id);
  void WithdrawSubmission();
  void Match();
  void Match(const std::string& name);
  void Issue();
  void IssueCorrection();
  void Keep(const std::string& name, const std::string& id, const api::KeyFile& issued);
  void Fetch();
  void Fetch(const std::string& name, const std::string& id, std::uint32_t number);
  void TakeBack();
  void Propose();
  void Decide();
  void CorrectAtOnce();
  void Report();
  void Reserve();
  void NextDays();

  // Events of the feed.
  LifeEvent SomeEvent();
  LifeEvent SomeSplit();
  api::IdentityEvent ToApi(const LifeEvent& event, std::uint64_t sequence) const;
  void SendEvents(const std::vector<LifeEvent>& events, std::size_t batch_events);

  // Comparisons.
  void CompareStatus();
  void CompareProject(const std::string& name);
  void CompareCorrections(const std::string& name);
  void CompareAPastFile(const std::string& name, const std::string& id, std::uint32_t number);
  void CompareInsight(std::size_t identifier);
  void CompareHistory(std::size_t identifier);
  void CompareScrub();
  void ExpectContent(const std::string& name, const std::string& id, const server::OpenKeyFile& opened,
                     const LifeFile& file);
  // The løpenummer of the identifier's pin; every two differ.
  const std::string& LopenummerOf(const std::string& name, std::size_t pin);
  void Accessed(std::size_t identifier);
  std::uint32_t OrderOf(std::size_t identifier);

  RandomChoice random_;
  const Kills kills_;
  bool may_kill_ = true;
  server::TestCore server_;
  LivesModel model_;
  std::vector<LifeEvent> unsent_;  // the stream was cut before them
  std::map<std::size_t, std::uint32_t> order_;
  std::map<std::string, std::map<std::size_t, std::string>> lopenumre_;  // by project and pin
  std::map<std::string, std::map<std::string, std::size_t>> pins_;       // and back
  std::vector<PeopleSet> accesses_;  // who somebody was when they were looked at, one for each time
  int deliveries_ = 0;
  std::map<std::string, int> done_;
};

}  // namespace kobling::tests
