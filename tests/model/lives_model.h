// What the rules say about projects whose people live: born, renumbered, merged, split, annulled. Every identifier of a
// project has a pin, which is whose løpenummer it has, and every key file keeps the pins that it gave out. The service
// keeps none of them, so that the two can be compared.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kobling/v1/correction_service.pb.h"
#include "tests/model/case_model.h"
#include "tests/model/identity_model.h"

namespace kobling::tests {

// Identifier to the identifier that makes its løpenummer.
using Pins = std::map<std::size_t, std::size_t>;

enum class LifeFileKind { kFull, kDelta, kCorrection };

struct LifeCorrectedRow {
  std::size_t identifier;
  std::size_t before;
  std::size_t now;
  std::string date;
  std::string cause;
};

struct LifeFile {
  LifeFileKind kind = LifeFileKind::kFull;
  std::uint32_t since = 0;
  Pins rows;                                // all that hold; of a correction, the new ones
  Pins withdrawn;                           // of a delta
  std::vector<LifeCorrectedRow> corrected;  // of a correction
  Pins held;                                // what a register has that applied all files up to this one
  std::size_t persons = 0;
  std::size_t annulled = 0;
  std::string expiry_date;
  bool fetched = false;
  bool taken_back = false;
  bool expired = false;

  PeopleSet covered() const;  // whom it holds, with those that it goes on from
  PeopleSet told() const;     // of whom it has a row that holds
  bool was_handed_out() const { return fetched || (!taken_back && !expired); }
};

struct LifeSource {
  ModelScope scope = ModelScope::kOwn;
  bool defines = false;
  bool includes_relatives = false;
  bool complete = false;
  bool locked = false;
  std::vector<ModelSubmission> submissions;
  bool window_open = false;
  bool window_used = false;
  ModelMatch match;
  std::vector<LifeFile> files;  // number 1 first
  std::vector<ModelReport> reports;
};

struct LifeCorrection {
  api::CorrectionState state = api::CORRECTION_STATE_PROPOSED;
  std::uint64_t map_version = 0;
  std::string proposed_by;
  std::map<std::size_t, std::size_t> retired;  // with the one that stays
  PeopleSet concerned;
  std::size_t merged_persons = 0;
};

struct LifeProject {
  std::size_t approved = 0;
  std::map<std::string, LifeSource> sources;
  Pins pins;                                   // whoever is not in it stands for itself
  PeopleSet issued;                            // whose løpenumre were ever given out
  std::map<std::size_t, std::size_t> retired;  // by corrections, with the one that stayed
  PeopleSet confirmed;                         // identifiers that a correction file may tell of
  std::vector<LifeCorrection> corrections;

  bool is_complete() const;
  std::size_t PinOf(std::size_t identifier) const;
  PeopleSet Index() const;
  PeopleSet Relatives() const;
  PeopleSet Former() const;
  PeopleSet Everybody() const;
};

// What a register waits for.
struct LifeWaiting {
  std::size_t confirmed = 0;
  std::size_t waiting = 0;
  friend bool operator==(const LifeWaiting&, const LifeWaiting&) = default;
};

// What a person is told of one register in one project.
struct LifeInsight {
  bool submitted = false;
  bool key_file_issued = false;
  std::size_t corrected = 0;
  ModelUse use = ModelUse::kNone;
  ModelReservation reservation = ModelReservation::kNone;
  friend bool operator==(const LifeInsight&, const LifeInsight&) = default;
};

class LivesModel {
 public:
  explicit LivesModel(std::size_t identifiers) : identities(identifiers) {}

  IdentityModel identities;
  // The order in which the server came to know identifiers: "the lowest" is by it.
  std::function<std::uint32_t(std::size_t)> order;
  std::string today;
  std::string expiry_date;  // of what is issued today
  std::map<std::string, LifeProject> projects;
  std::map<std::string, PeopleSet> reservations;  // by register; the national list has the empty id

  // Whether it changed anything. The server must know its identifiers.
  bool Apply(const LifeEvent& event);

  // In a new project everybody has a pin from the first day.
  void PinEverybody(LifeProject& project) const;

  Refusal Submit(LifeProject& project, const std::string& id, const PeopleSet& index, const PeopleSet& relatives);
  Refusal Withdraw(LifeProject& project, const std::string& id, std::size_t number);
  Refusal Complete(LifeProject& project, const std::string& id);
  Refusal Reopen(LifeProject& project, const std::string& id);
  Refusal OpenWindow(LifeProject& project, const std::string& id);
  Refusal Match(LifeProject& project, const std::string& id, const PeopleSet& held);
  Refusal Issue(LifeProject& project, const std::string& id, std::uint32_t since);
  Refusal IssueCorrection(LifeProject& project, const std::string& id);
  Refusal Fetch(LifeProject& project, const std::string& id, std::uint32_t number);
  Refusal TakeBack(LifeProject& project, const std::string& id, std::uint32_t number);
  Refusal Propose(LifeProject& project, const std::string& officer);
  Refusal Confirm(LifeProject& project, std::size_t number, const std::string& officer);
  Refusal Reject(LifeProject& project, std::size_t number);
  // `used` are whose løpenumre were used; the report keeps the identifiers that were told one of them.
  Refusal Report(LifeProject& project, const std::string& id, const ModelReport& report, const std::string& corrects);
  void NewDay(const std::string& day, const std::string& new_expiry_date);

  std::map<std::string, LifeWaiting> WaitingIn(const LifeProject& project) const;
  ModelInclusion InclusionOf(const LifeProject& project, std::size_t identifier) const;
  LifeInsight InsightOf(const LifeProject& project, const std::string& id, std::size_t identifier) const;
  std::size_t LaterReservations(const LifeProject& project, const std::string& id) const;
  // What is wrong with the pins: an identifier with somebody else's løpenummer.
  std::optional<std::size_t> WithAForeignPin(const LifeProject& project) const;

 private:
  // What a confirmed correction would do to the persons of a project.
  struct Settlement {
    std::map<std::size_t, std::size_t> retired;  // with the one that stays
    std::size_t persons = 0;
  };
  struct Difference {
    std::map<std::string, LifeWaiting> registers;
    PeopleSet waiting;
  };

  std::size_t Lowest(const PeopleSet& identifiers) const;
  std::size_t Choose(const LifeProject& project, const std::map<std::size_t, std::size_t>& retired,
                     std::size_t identifier) const;
  void PinAgain(LifeProject& project, const PeopleSet& identifiers) const;
  Settlement Settle(const LifeProject& project) const;
  Difference Differences(const LifeProject& project, const Settlement& settlement) const;
  PeopleSet ReservedFor(const std::string& id) const;
  PeopleSet Population(const LifeProject& project, const std::string& id, bool with_reservations) const;
  PeopleSet Unreserved(const LifeProject& project, const std::string& id, const PeopleSet& candidates) const;
  Refusal NoUsableMatch(const LifeProject& project, const std::string& id) const;
  LifeCorrectedRow Explain(std::size_t identifier, std::size_t before, std::size_t now) const;
  Refusal Keep(LifeProject& project, LifeSource& source, LifeFile file);
};

}  // namespace kobling::tests
