// What the rules of the documentation say about cases over the years, in a few sets and loops: the opposite of how the
// service does it, so that the two can be compared.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "domain/error.h"

namespace kobling::tests {

using domain::Reason;
// People by their number among the synthetic ones.
using PeopleSet = std::set<std::size_t>;
// OK, or why not.
using Refusal = std::optional<Reason>;

enum class ModelScope { kOwn, kIntersection, kPopulation };
enum class ModelState { kActive, kClosed, kKeyDestroyed };
enum class ModelInclusion { kNone, kIndex, kRelative, kFormer };
enum class ModelUse { kNone, kUsed, kNotUsed, kNotYetReported };
enum class ModelReservation { kNone, kLeftOut, kAfterIssue };

struct ModelSubmission {
  PeopleSet index;
  PeopleSet relatives;
  bool withdrawn = false;
  bool withdrawn_after_issue = false;
};

struct ModelKeyFile {
  std::uint32_t since = 0;  // 0: a full file
  PeopleSet rows;
  PeopleSet withdrawn;
  PeopleSet covered;
  std::string expiry_date;
  std::string due_date;
  bool fetched = false;
  bool taken_back = false;
  bool expired = false;

  bool was_handed_out() const { return fetched || (!taken_back && !expired); }
};

struct ModelReport {
  std::uint32_t key_file = 0;
  std::string reference;
  PeopleSet used;
  bool replaced = false;
};

struct ModelMatch {
  PeopleSet matched;
  PeopleSet population;                    // as it was then, reservations apart
  std::map<std::string, PeopleSet> lists;  // that mattered, as they were then
};

struct ModelSource {
  ModelScope scope = ModelScope::kOwn;
  bool defines = false;
  bool withdrawn = false;
  bool complete = false;
  bool locked = false;
  std::vector<ModelSubmission> submissions;
  bool window_open = false;
  bool window_used = false;
  ModelMatch match;
  std::vector<ModelKeyFile> key_files;  // number 1 first
  std::vector<ModelReport> reports;
};

struct ModelProject {
  ModelState state = ModelState::kActive;
  std::string end_date;
  std::size_t approved = 0;
  std::map<std::string, ModelSource> sources;

  PeopleSet Index() const;
  PeopleSet Relatives() const;
  PeopleSet Former() const;
  PeopleSet Everybody() const;
};

// What a citizen is told of one register in one project.
struct ModelRegisterInsight {
  bool submitted = false;
  bool key_file_issued = false;
  ModelUse use = ModelUse::kNone;
  ModelReservation reservation = ModelReservation::kNone;
  friend bool operator==(const ModelRegisterInsight&, const ModelRegisterInsight&) = default;
};

class CaseModel {
 public:
  std::string today;  // 2026-11-22
  std::map<std::string, ModelProject> projects;
  std::map<std::string, PeopleSet> reservations;  // by register; the national list has the empty id

  Refusal Submit(ModelProject& project, const std::string& id, const PeopleSet& index, const PeopleSet& relatives);
  Refusal Withdraw(ModelProject& project, const std::string& id, std::size_t number);
  Refusal Complete(ModelProject& project, const std::string& id);
  Refusal Reopen(ModelProject& project, const std::string& id);
  Refusal OpenWindow(ModelProject& project, const std::string& id);
  Refusal Match(ModelProject& project, const std::string& id, const PeopleSet& held);
  // Adds the key file without its dates, which the configuration gives.
  Refusal Issue(ModelProject& project, const std::string& id, std::uint32_t since);
  Refusal TakeBack(ModelProject& project, const std::string& id, std::uint32_t number);
  Refusal Report(ModelProject& project, const std::string& id, const ModelReport& report, const std::string& corrects);
  Refusal Close(ModelProject& project);
  Refusal DestroyKey(ModelProject& project);
  // What the day alone brings.
  void NewDay(const std::string& day);

  ModelInclusion InclusionOf(const ModelProject& project, std::size_t person) const;
  ModelRegisterInsight InsightOf(const ModelProject& project, const std::string& id, std::size_t person) const;
  // People of the register's newest key file who have reserved themselves since.
  std::size_t LaterReservations(const ModelProject& project, const std::string& id) const;
  // Nothing is awaited any more once the key is gone.
  bool IsOverdue(const ModelProject& project, const std::string& id, std::uint32_t number) const;

 private:
  Refusal NotRunning(const ModelProject& project) const;
  static Refusal NotActive(const ModelProject& project);
  static bool IsComplete(const ModelProject& project);
  Refusal NoUsableMatch(const ModelProject& project, const std::string& id) const;
  PeopleSet ReservedFor(const std::string& id) const;
  PeopleSet Population(const ModelProject& project, const std::string& id, bool with_reservations) const;
  PeopleSet Unreserved(const ModelProject& project, const std::string& id, const PeopleSet& candidates) const;
};

PeopleSet Union(PeopleSet a, const PeopleSet& b);
PeopleSet Less(PeopleSet a, const PeopleSet& b);
PeopleSet Both(const PeopleSet& a, const PeopleSet& b);

}  // namespace kobling::tests
