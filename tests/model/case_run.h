// Takes the same steps in a server and in the model of the rules, and compares what the two say. Which steps, of whom
// and how often is for those who derive from it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "server/core/core_testing.h"
#include "tests/model/case_model.h"
#include "tests/model/random_choice.h"

namespace kobling::tests {

enum class Kills { kNone, kSome };

class CaseRun {
 public:
  virtual ~CaseRun() = default;

  // A random step, in both.
  virtual void Step() = 0;
  // What the last step may have changed, and something of everything else.
  virtual void Compare() = 0;
  // All projects and every key file again.
  virtual void CompareAll();

  // How often each kind of step was let through.
  const std::map<std::string, int>& done() const { return done_; }

 protected:
  CaseRun(std::uint64_t seed, std::size_t identifiers, Kills kills);

  std::size_t Below(std::size_t limit) { return random_.Below(limit); }
  template <typename Options>
  auto& OneOf(Options& options) {
    return random_.OneOf(options);
  }
  std::string SomeProject() { return OneOf(model_.projects).first; }
  std::string SomeNamer() { return Below(2) == 0 ? "NPR" : "MFR"; }
  std::string SomeRegister();
  PeopleSet SomePeople(std::size_t most) { return random_.SomePeople(model_.identities.size(), most); }
  ModelProject& ProjectOf(const std::string& name) { return model_.projects.at(name); }
  ModelSource& SourceOf(const std::string& name, const std::string& id) { return ProjectOf(name).sources.at(id); }
  std::string InDays(int days);

  // Does something in both, unless the server is killed over it: then the model has it done if the server kept it.
  // The answer if it was let through.
  template <typename Predict, typename Do>
  auto Act(const std::string& what, const Predict& predict, const Do& act)
      -> std::optional<std::decay_t<decltype(*act())>> {
    SCOPED_TRACE(what);
    server_.clock().Advance(absl::Milliseconds(1));  // no two things happen at the same time
    std::optional<CaseModel> before;
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
  struct NewCase {
    std::size_t approved;
    bool includes_relatives;  // for the register that gets the whole population
    int days;
  };
  // NPR and MFR name the population, DAAR gets whom it has of them, KRG all.
  void NewProject(const NewCase& facts);
  void Submit(const std::string& name, const std::string& id, const PeopleSet& index, const PeopleSet& relatives);
  void Complete(const std::string& name, const std::string& id);
  void Reopen(const std::string& name, const std::string& id);
  void WithdrawSubmission();
  // Now and then without a window, or none at all.
  void Match(const std::string& name, const PeopleSet& held);
  void Issue(const std::string& name, const std::string& id, std::uint32_t since);
  void IssueCorrection();
  void Fetch(const std::string& name, const std::string& id, std::uint32_t number);
  void TakeBack();
  // Of a random key file, now and then in the place of another report.
  void Report(const std::string& name, const std::string& id, const PeopleSet& used);
  void Reserve(const PeopleSet& people);
  void NextDays(std::size_t most);
  // The server is started again and must know what it knew.
  void Restart();

  // Comparisons.
  void CompareProject(const std::string& name);
  void CompareAPastFile(const std::string& name, const std::string& id, std::uint32_t number);
  void CompareInsight(std::size_t identifier);
  void CompareOverdue();

  RandomChoice random_;
  bool may_kill_ = true;
  server::TestCore server_;
  CaseModel model_;
  std::vector<PeopleSet> accesses_;  // who somebody was when they were looked at, one for each time
  std::map<std::string, int> done_;

 private:
  ModelDay Day();
  // What the server says of a file that it has issued.
  void Keep(const std::string& name, const std::string& id, const api::KeyFile& issued);
  void ExpectContent(const std::string& name, const server::OpenKeyFile& opened, const ModelKeyFile& file);
  // The løpenummer of the identifier's pin; every two differ.
  const std::string& LopenummerOf(const std::string& name, std::size_t pin);

  const Kills kills_;
  std::map<std::string, std::map<std::size_t, std::string>> lopenumre_;  // by project and pin
  std::map<std::string, std::map<std::string, std::size_t>> pins_;       // and back
  int deliveries_ = 0;
};

std::vector<std::string> Digits(const PeopleSet& people);

// So many steps, each compared, for every seed; then everything. How often each kind of step was let through, or
// nothing after a failure.
std::map<std::string, int> RunEach(const std::vector<std::uint64_t>& seeds, std::size_t steps,
                                   const std::function<std::unique_ptr<CaseRun>(std::uint64_t)>& begin);

}  // namespace kobling::tests
