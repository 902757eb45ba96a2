// The lives of people, who are merged and split while projects take them in: the steps that they add to case_run.h.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/model/case_run.h"

namespace kobling::tests {

inline constexpr std::size_t kIdentifiers = 2400;

class Lives final : public CaseRun {
 public:
  Lives(std::uint64_t seed, Kills kills);

  void Step() override;
  void Compare() override;
  void CompareAll() override;

 private:
  // Steps.
  void NewProject();
  void NewProjectOrDays();
  void Feed();
  void SubmitSome();
  void SubmitSome(const std::string& name, const std::string& id);
  void SubmitMore();
  void CompleteSome();
  void CompleteAll(const std::string& name);
  void ReopenSome();
  void MatchSome();
  void MatchSome(const std::string& name);
  void IssueSome();
  void FetchSome();
  void Propose();
  void Decide();
  void CorrectAtOnce();
  void ReportSome();
  void ReserveSome();

  // Events of the feed.
  LifeEvent SomeEvent();
  LifeEvent SomeSplit();
  api::IdentityEvent ToApi(const LifeEvent& event, std::uint64_t sequence) const;
  void SendEvents(const std::vector<LifeEvent>& events, std::size_t batch_events);

  // Comparisons.
  void CompareStatus();
  void CompareCorrections(const std::string& name);
  void CompareHistory(std::size_t identifier);
  void CompareScrub();
  // The number that the server gave the identifier.
  std::uint32_t OrderOf(std::size_t identifier);

  std::vector<LifeEvent> unsent_;  // the stream was cut before them
  std::map<std::size_t, std::uint32_t> order_;
};

}  // namespace kobling::tests
