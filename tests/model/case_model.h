// What the rules of the documentation say about cases over the years and about the people in them, who are born,
// renumbered, merged, split, annulled: in a few sets and loops, the opposite of how the service does it, so that the
// two can be compared. Every identifier of a project has a pin, which is whose løpenummer it has, and every key file
// keeps the pins that it gave out; the service keeps none of them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "domain/error.h"
#include "kobling/v1/correction_service.pb.h"
#include "tests/model/identity_model.h"
#include "tests/model/people_set.h"

namespace kobling::tests {

using domain::Reason;
// OK, or why not.
using Refusal = std::optional<Reason>;
// Identifier to the identifier that makes its løpenummer.
using Pins = std::map<std::size_t, std::size_t>;

enum class ModelScope { kOwn, kIntersection, kPopulation };
enum class ModelState { kActive, kClosed, kKeyDestroyed };
enum class ModelInclusion { kNone, kIndex, kRelative, kFormer };
enum class ModelUse { kNone, kUsed, kNotUsed, kNotYetReported };
enum class ModelReservation { kNone, kLeftOut, kAfterIssue };
enum class ModelFileKind { kFull, kDelta, kCorrection };

// A day, and the dates that the configuration gives to what is issued on it.
struct ModelDay {
  std::string today;  // 2026-11-22
  std::string expiry_date;
  std::string due_date;
};

struct ModelSubmission {
  PeopleSet index;
  PeopleSet relatives;
  bool withdrawn = false;
  bool withdrawn_after_issue = false;
};

struct ModelCorrectedRow {
  std::size_t identifier;
  std::size_t before;
  std::size_t now;
  std::string date;
  std::string cause;
};

struct ModelKeyFile {
  ModelFileKind kind = ModelFileKind::kFull;
  std::uint32_t since = 0;                   // 0: a full file
  Pins rows;                                 // all that hold; of a correction, the new ones
  Pins withdrawn;                            // of a delta
  std::vector<ModelCorrectedRow> corrected;  // of a correction
  Pins held;                                 // what a register has that applied all files up to this one
  std::size_t persons = 0;
  std::size_t annulled = 0;
  std::string expiry_date;
  std::string due_date;  // of a correction: none
  std::uint64_t map_version = 0;
  bool fetched = false;
  bool taken_back = false;
  bool expired = false;

  PeopleSet covered() const;  // whom it holds, with those that it goes on from
  PeopleSet told() const;     // of whom it has a row that holds
  bool was_handed_out() const { return fetched || (!taken_back && !expired); }
};

struct ModelReport {
  std::uint32_t key_file = 0;
  std::string reference;
  PeopleSet used;
  std::size_t lopenumre = 0;  // how many different ones were used
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
  bool includes_relatives = false;
  bool withdrawn = false;
  bool complete = false;
  bool locked = false;
  std::vector<ModelSubmission> submissions;
  bool window_open = false;
  bool window_used = false;
  ModelMatch match;
  std::vector<ModelKeyFile> files;  // number 1 first
  std::vector<ModelReport> reports;
};

// Who stands for nobody any more, each with one for whose sake: as long as the two are one person.
using ModelRetired = std::set<std::pair<std::size_t, std::size_t>>;
bool IsRetired(const ModelRetired& retired, std::size_t identifier);

struct ModelCorrection {
  api::CorrectionState state = api::CORRECTION_STATE_PROPOSED;
  std::uint64_t map_version = 0;
  std::string proposed_by;
  ModelRetired retired;
  PeopleSet concerned;
  std::size_t merged_persons = 0;
};

struct ModelProject {
  ModelState state = ModelState::kActive;
  std::string end_date;
  std::size_t approved = 0;
  std::map<std::string, ModelSource> sources;
  Pins pins;             // whoever is not in it stands for itself
  PeopleSet issued;      // whose løpenumre were ever given out
  ModelRetired retired;  // by corrections
  PeopleSet confirmed;   // identifiers that a correction file may tell of
  std::vector<ModelCorrection> corrections;

  bool is_complete() const;
  std::size_t PinOf(std::size_t identifier) const;
  PeopleSet Index() const;
  PeopleSet Relatives() const;
  PeopleSet Former() const;
  PeopleSet Everybody() const;
};

// What a register waits for.
struct ModelWaiting {
  std::size_t confirmed = 0;
  std::size_t waiting = 0;
  friend bool operator==(const ModelWaiting&, const ModelWaiting&) = default;
};

// What a citizen is told of one register in one project.
struct ModelRegisterInsight {
  bool submitted = false;
  bool key_file_issued = false;
  std::size_t corrected = 0;
  ModelUse use = ModelUse::kNone;
  ModelReservation reservation = ModelReservation::kNone;
  friend bool operator==(const ModelRegisterInsight&, const ModelRegisterInsight&) = default;
};

class CaseModel {
 public:
  explicit CaseModel(std::size_t identifiers) : identities(identifiers) {}

  IdentityModel identities;
  // The order in which the server came to know identifiers: "the lowest" is by it. Needed as soon as a person has two.
  std::function<std::uint32_t(std::size_t)> order;
  ModelDay day;
  std::map<std::string, ModelProject> projects;
  std::map<std::string, PeopleSet> reservations;  // by register; the national list has the empty id

  // Whether it changed anything. The server must know its identifiers.
  bool Apply(const LifeEvent& event);

  // In a new project everybody has a pin from the first day.
  void PinEverybody(ModelProject& project) const;

  Refusal Submit(ModelProject& project, const std::string& id, const PeopleSet& index, const PeopleSet& relatives);
  Refusal Withdraw(ModelProject& project, const std::string& id, std::size_t number);
  Refusal Complete(ModelProject& project, const std::string& id);
  Refusal Reopen(ModelProject& project, const std::string& id);
  Refusal OpenWindow(ModelProject& project, const std::string& id);
  Refusal Match(ModelProject& project, const std::string& id, const PeopleSet& held);
  Refusal Issue(ModelProject& project, const std::string& id, std::uint32_t since);
  Refusal IssueCorrection(ModelProject& project, const std::string& id);
  Refusal Fetch(ModelProject& project, const std::string& id, std::uint32_t number);
  Refusal TakeBack(ModelProject& project, const std::string& id, std::uint32_t number);
  Refusal Propose(ModelProject& project, const std::string& officer);
  Refusal Confirm(ModelProject& project, std::size_t number, const std::string& officer);
  Refusal Reject(ModelProject& project, std::size_t number);
  // `used` are whose løpenumre were used; the report keeps the identifiers that were told one of them.
  Refusal Report(ModelProject& project, const std::string& id, const ModelReport& report, const std::string& corrects);
  Refusal Close(ModelProject& project);
  Refusal DestroyKey(ModelProject& project);
  // What the day alone brings.
  void NewDay(const ModelDay& new_day);

  std::map<std::string, ModelWaiting> WaitingIn(const ModelProject& project) const;
  // Whether a key officer has to look at the corrections of the project.
  bool IsToBeReviewed(const ModelProject& project) const;
  ModelInclusion InclusionOf(const ModelProject& project, std::size_t identifier) const;
  ModelRegisterInsight InsightOf(const ModelProject& project, const std::string& id, std::size_t identifier) const;
  // People of the register's newest key file who have reserved themselves since.
  std::size_t LaterReservations(const ModelProject& project, const std::string& id) const;
  // Nothing is awaited any more once the key is gone.
  bool IsOverdue(const ModelProject& project, const std::string& id, std::uint32_t number) const;
  // What is wrong with the pins: an identifier with somebody else's løpenummer.
  std::optional<std::size_t> WithAForeignPin(const ModelProject& project) const;

 private:
  // What a confirmed correction would do to the persons of a project.
  struct Settlement {
    ModelRetired retired;
    std::size_t persons = 0;
  };
  struct Difference {
    std::map<std::string, ModelWaiting> registers;
    PeopleSet waiting;
  };

  static Refusal NotActive(const ModelProject& project);
  Refusal NotRunning(const ModelProject& project) const;
  // Whether the register may get anything out of the project.
  Refusal NotServed(const ModelProject& project, const ModelSource& source) const;
  std::size_t Lowest(const PeopleSet& identifiers) const;
  std::size_t Choose(const ModelProject& project, const ModelRetired& retired, std::size_t identifier) const;
  void PinAgain(ModelProject& project, const PeopleSet& identifiers) const;
  Settlement Settle(const ModelProject& project) const;
  Difference Differences(const ModelProject& project, const Settlement& settlement) const;
  PeopleSet ReservedFor(const std::string& id) const;
  PeopleSet Population(const ModelProject& project, const std::string& id, bool with_reservations) const;
  PeopleSet Unreserved(const ModelProject& project, const std::string& id, const PeopleSet& candidates) const;
  Refusal NoUsableMatch(const ModelProject& project, const std::string& id) const;
  ModelCorrectedRow Explain(std::size_t identifier, std::size_t before, std::size_t now) const;
  Refusal Keep(ModelProject& project, ModelSource& source, ModelKeyFile file);
};

}  // namespace kobling::tests
