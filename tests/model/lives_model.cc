#include "tests/model/lives_model.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace kobling::tests {
namespace {

PeopleSet Keys(const Pins& pins) {
  PeopleSet keys;
  for (const auto& [identifier, pin] : pins) {
    keys.insert(identifier);
  }
  return keys;
}

PeopleSet Standing(const LifeProject& project, PeopleSet ModelSubmission::*part) {
  PeopleSet people;
  for (const auto& [id, source] : project.sources) {
    for (const ModelSubmission& submission : source.submissions) {
      people = submission.withdrawn ? std::move(people) : Union(std::move(people), submission.*part);
    }
  }
  return people;
}

bool IsComplete(const LifeProject& project) {
  return std::all_of(project.sources.begin(), project.sources.end(),
                     [](const auto& entry) { return !entry.second.defines || entry.second.complete; });
}

// What the register's deliveries are to be corrected from.
std::map<std::size_t, std::size_t> ToldBy(const LifeSource& source) {
  std::map<std::size_t, std::size_t> told;
  for (const LifeFile& file : source.files) {
    if (!file.fetched) {
      continue;
    }
    for (const auto& [identifier, pin] : file.rows) {
      if (file.kind == LifeFileKind::kCorrection) {
        told[identifier] = pin;
      } else {
        told.emplace(identifier, pin);
      }
    }
  }
  return told;
}

}  // namespace

PeopleSet LifeFile::covered() const { return Keys(held); }

std::size_t LifeProject::PinOf(std::size_t identifier) const {
  const auto pin = pins.find(identifier);
  return pin == pins.end() ? identifier : pin->second;
}

PeopleSet LifeProject::Index() const { return Standing(*this, &ModelSubmission::index); }

PeopleSet LifeProject::Relatives() const { return Standing(*this, &ModelSubmission::relatives); }

// Whoever is in no submission, but was when a key file was issued, or had a row of one.
PeopleSet LifeProject::Former() const {
  PeopleSet people;
  for (const auto& [id, source] : sources) {
    for (const ModelSubmission& submission : source.submissions) {
      if (submission.withdrawn_after_issue) {
        people = Union(Union(std::move(people), submission.index), submission.relatives);
      }
    }
    for (const LifeFile& file : source.files) {
      if (file.kind != LifeFileKind::kCorrection) {
        people = Union(std::move(people), Keys(file.rows));
      }
    }
  }
  return Less(Less(std::move(people), Index()), Relatives());
}

PeopleSet LifeProject::Everybody() const { return Union(Union(Index(), Relatives()), Former()); }

std::size_t LivesModel::Lowest(const PeopleSet& identifiers) const {
  return *std::min_element(identifiers.begin(), identifiers.end(),
                           [&](std::size_t a, std::size_t b) { return order(a) < order(b); });
}

// The three rules of the decision record.
std::size_t LivesModel::Choose(const LifeProject& project, const PeopleSet& retired, std::size_t identifier) const {
  const PeopleSet& person = identities.PersonOf(identifier);
  const PeopleSet given_out = Both(person, project.issued);
  const PeopleSet standing = Less(given_out, retired);
  const PeopleSet& preferred = standing.empty() ? given_out : standing;
  if (preferred.empty()) {
    return person.size() == 1 ? identifier : Lowest(person);
  }
  return *std::min_element(preferred.begin(), preferred.end(), [&](std::size_t a, std::size_t b) {
    const std::uint64_t with_a = identities.OneSince(identifier, a);
    const std::uint64_t with_b = identities.OneSince(identifier, b);
    return with_a != with_b ? with_a < with_b : order(a) < order(b);
  });
}

void LivesModel::PinAgain(LifeProject& project, const PeopleSet& identifiers) const {
  for (const std::size_t identifier : identifiers) {
    for (const std::size_t each : identities.PersonOf(identifier)) {
      project.pins[each] = Choose(project, project.retired, each);
    }
  }
}

void LivesModel::PinEverybody(LifeProject& project) const {
  for (std::size_t identifier = 0; identifier < identities.size(); ++identifier) {
    if (identities.PersonOf(identifier).size() > 1) {
      project.pins[identifier] = Choose(project, project.retired, identifier);
    }
  }
}

bool LivesModel::Apply(const LifeEvent& event) {
  const IdentityModel::Effect effect = identities.Apply(event);
  for (auto& [name, project] : projects) {
    PinAgain(project, effect.touched);
    // What was confirmed was confirmed of the person as they were.
    project.confirmed = Less(std::move(project.confirmed), effect.touched);
  }
  return effect.any;
}

std::optional<std::size_t> LivesModel::WithAForeignPin(const LifeProject& project) const {
  for (const auto& [identifier, pin] : project.pins) {
    if (!identities.AreOne(identifier, pin)) {
      return identifier;
    }
  }
  return std::nullopt;
}

PeopleSet LivesModel::ReservedFor(const std::string& id) const {
  PeopleSet people;
  for (const auto& [list, members] : reservations) {
    people = list.empty() || list == id ? Union(std::move(people), members) : std::move(people);
  }
  return people;
}

PeopleSet LivesModel::Population(const LifeProject& project, const std::string& id, bool with_reservations) const {
  PeopleSet people;
  const bool all_relatives = project.sources.at(id).includes_relatives;
  for (const auto& [namer, source] : project.sources) {
    const PeopleSet reserved = with_reservations ? ReservedFor(namer) : PeopleSet();
    for (const ModelSubmission& submission : source.submissions) {
      if (submission.withdrawn) {
        continue;
      }
      PeopleSet named = submission.index;
      if (namer == id || all_relatives) {
        named = Union(std::move(named), submission.relatives);
      }
      people = Union(std::move(people), Less(named, identities.OfPersonsIn(reserved, named)));
    }
  }
  return people;
}

PeopleSet LivesModel::Unreserved(const LifeProject& project, const std::string& id, const PeopleSet& candidates) const {
  const PeopleSet rows = identities.OfPersonsIn(Population(project, id, true), candidates);
  return Less(rows, identities.OfPersonsIn(ReservedFor(id), rows));
}

Refusal LivesModel::Submit(LifeProject& project, const std::string& id, const PeopleSet& index,
                           const PeopleSet& relatives) {
  LifeSource& source = project.sources.at(id);
  if (!source.defines) {
    return Reason::kSourceNotDefining;
  }
  if (source.locked) {
    return Reason::kSourceLocked;
  }
  if (source.complete) {
    return Reason::kPopulationComplete;
  }
  ModelSubmission submission;
  submission.index = index;
  submission.relatives = Less(relatives, index);
  if (identities.CountPersons(Union(Union(project.Everybody(), index), relatives)) > project.approved) {
    source.locked = true;
    return Reason::kBudgetExceeded;
  }
  const bool stands =
      std::any_of(source.submissions.begin(), source.submissions.end(), [&](const ModelSubmission& other) {
        return !other.withdrawn && other.index == submission.index && other.relatives == submission.relatives;
      });
  if (!stands) {
    source.submissions.push_back(submission);
  }
  return std::nullopt;
}

Refusal LivesModel::Withdraw(LifeProject& project, const std::string& id, std::size_t number) {
  LifeSource& source = project.sources.at(id);
  if (number > source.submissions.size() || source.submissions[number - 1].withdrawn) {
    return Reason::kSubmissionNotFound;
  }
  if (source.locked) {
    return Reason::kSourceLocked;
  }
  ModelSubmission& submission = source.submissions[number - 1];
  submission.withdrawn = true;
  submission.withdrawn_after_issue = std::any_of(project.sources.begin(), project.sources.end(),
                                                 [](const auto& entry) { return !entry.second.files.empty(); });
  source.complete = source.complete && submission.withdrawn_after_issue;
  return std::nullopt;
}

Refusal LivesModel::Complete(LifeProject& project, const std::string& id) {
  LifeSource& source = project.sources.at(id);
  if (!source.defines) {
    return Reason::kSourceNotDefining;
  }
  if (source.locked) {
    return Reason::kSourceLocked;
  }
  if (std::all_of(source.submissions.begin(), source.submissions.end(),
                  [](const ModelSubmission& submission) { return submission.withdrawn; })) {
    return Reason::kPopulationEmpty;
  }
  source.complete = true;
  return std::nullopt;
}

Refusal LivesModel::Reopen(LifeProject& project, const std::string& id) {
  project.sources.at(id).locked = false;
  project.sources.at(id).complete = false;
  return std::nullopt;
}

Refusal LivesModel::OpenWindow(LifeProject& project, const std::string& id) {
  if (!IsComplete(project)) {
    return Reason::kPopulationIncomplete;
  }
  project.sources.at(id).window_open = true;
  project.sources.at(id).window_used = false;
  return std::nullopt;
}

Refusal LivesModel::Match(LifeProject& project, const std::string& id, const PeopleSet& held) {
  LifeSource& source = project.sources.at(id);
  if (!IsComplete(project)) {
    return Reason::kPopulationIncomplete;
  }
  if (!source.window_open) {
    return Reason::kMatchWindowMissing;
  }
  if (source.window_used) {
    return Reason::kMatchWindowUsed;
  }
  source.window_used = true;
  source.match.population = Population(project, id, false);
  source.match.matched = Unreserved(project, id, identities.OfPersonsIn(source.match.population, held));
  source.match.lists.clear();
  for (const auto& [list, members] : reservations) {
    const auto namer = project.sources.find(list);
    const bool names = namer != project.sources.end() &&
                       std::any_of(namer->second.submissions.begin(), namer->second.submissions.end(),
                                   [](const ModelSubmission& submission) { return !submission.withdrawn; });
    if (list.empty() || list == id || names) {
      source.match.lists[list] = members;
    }
  }
  return std::nullopt;
}

Refusal LivesModel::NoUsableMatch(const LifeProject& project, const std::string& id) const {
  const LifeSource& source = project.sources.at(id);
  const PeopleSet population = Population(project, id, false);
  bool usable = source.window_open && source.window_used && source.match.population == population;
  for (const auto& [list, members] : source.match.lists) {
    const PeopleSet left = Less(members, identities.OfPersonsIn(reservations.at(list), members));
    usable = usable && identities.OfPersonsIn(left, population).empty();
  }
  return usable ? std::nullopt : Refusal(Reason::kMatchMissing);
}

Refusal LivesModel::Issue(LifeProject& project, const std::string& id, std::uint32_t since) {
  LifeSource& source = project.sources.at(id);
  if (!IsComplete(project)) {
    return Reason::kPopulationIncomplete;
  }
  PeopleSet candidates;
  switch (source.scope) {
    case ModelScope::kOwn:
      for (const ModelSubmission& submission : source.submissions) {
        if (!submission.withdrawn) {
          candidates = Union(Union(std::move(candidates), submission.index), submission.relatives);
        }
      }
      break;
    case ModelScope::kIntersection:
      if (const Refusal refusal = NoUsableMatch(project, id); refusal.has_value()) {
        return refusal;
      }
      candidates = source.match.matched;
      break;
    case ModelScope::kPopulation:
      candidates = Population(project, id, false);
      for (const std::size_t identifier : PeopleSet(candidates)) {
        if (!identities.protected_ones().contains(identifier)) {
          candidates.insert(identities.CurrentOf(identifier));
        }
      }
      break;
  }
  const PeopleSet unreserved = Unreserved(project, id, candidates);
  LifeFile file;
  for (const std::size_t identifier : Less(unreserved, identities.annulled())) {
    file.held[identifier] = project.PinOf(identifier);
  }
  file.annulled = unreserved.size() - file.held.size();
  file.since = since;
  file.rows = file.held;
  if (since != 0) {
    if (since > source.files.size()) {
      return Reason::kKeyFileNotFound;
    }
    const LifeFile& earlier = source.files[since - 1];
    if (earlier.taken_back) {
      return Reason::kKeyFileWithdrawn;
    }
    if (!earlier.fetched) {
      return Reason::kKeyFileNotFetched;
    }
    file.kind = LifeFileKind::kDelta;
    file.rows.clear();
    std::set_difference(file.held.begin(), file.held.end(), earlier.held.begin(), earlier.held.end(),
                        std::inserter(file.rows, file.rows.end()));
    std::set_difference(earlier.held.begin(), earlier.held.end(), file.held.begin(), file.held.end(),
                        std::inserter(file.withdrawn, file.withdrawn.end()));
  }
  return Keep(project, source, std::move(file));
}

LifeCorrectedRow LivesModel::Explain(std::size_t identifier, std::size_t before, std::size_t now) const {
  LifeCorrectedRow row{.identifier = identifier, .before = before, .now = now, .date = {}, .cause = {}};
  const bool is_merged = identities.AreOne(identifier, before);
  const std::uint64_t sequence =
      is_merged ? identities.OneSince(before, now) : identities.ApartSince(identifier, before);
  row.date = identities.event(sequence).date;
  row.cause = is_merged ? "merged" : "split";
  return row;
}

Refusal LivesModel::IssueCorrection(LifeProject& project, const std::string& id) {
  LifeSource& source = project.sources.at(id);
  if (!IsComplete(project)) {
    return Reason::kPopulationIncomplete;
  }
  LifeFile file;
  file.kind = LifeFileKind::kCorrection;
  for (const auto& [identifier, before] : ToldBy(source)) {
    const std::size_t now = project.PinOf(identifier);
    if (project.confirmed.contains(identifier) && before != now) {
      file.rows[identifier] = now;
      file.corrected.push_back(Explain(identifier, before, now));
    }
  }
  if (file.rows.empty()) {
    return Reason::kNothingToCorrect;
  }
  // The newest that stands; if none does, what was delivered with them is to be corrected all the same.
  std::uint32_t newest_fetched = 0;
  for (std::uint32_t number = 1; number <= source.files.size(); ++number) {
    const LifeFile& other = source.files[number - 1];
    newest_fetched = other.fetched ? number : newest_fetched;
    file.since = other.fetched && !other.taken_back ? number : file.since;
  }
  file.since = file.since == 0 ? newest_fetched : file.since;
  file.held = source.files[file.since - 1].held;
  for (auto& [identifier, pin] : file.held) {
    const auto row = file.rows.find(identifier);
    pin = row == file.rows.end() ? pin : row->second;
  }
  return Keep(project, source, std::move(file));
}

// Numbers the file, unless there is nothing in it or one like it stands.
Refusal LivesModel::Keep(LifeProject& project, LifeSource& source, LifeFile file) {
  if (file.rows.empty() && file.withdrawn.empty()) {
    return Reason::kNothingToIssue;
  }
  for (const LifeFile& other : source.files) {
    const bool same_old_numbers =
        std::equal(file.corrected.begin(), file.corrected.end(), other.corrected.begin(), other.corrected.end(),
                   [](const LifeCorrectedRow& a, const LifeCorrectedRow& b) { return a.before == b.before; });
    if (!other.taken_back && !other.expired && other.expiry_date >= today && other.kind == file.kind &&
        other.since == file.since && other.rows == file.rows && other.withdrawn == file.withdrawn && same_old_numbers) {
      return Reason::kKeyFileStands;
    }
  }
  PeopleSet given_out;
  for (const auto& [identifier, pin] : file.rows) {
    given_out.insert(pin);
  }
  file.expiry_date = expiry_date;
  file.persons = identities.CountPersons(file.covered());
  source.files.push_back(std::move(file));
  project.issued = Union(std::move(project.issued), given_out);
  PinAgain(project, given_out);
  return std::nullopt;
}

Refusal LivesModel::Fetch(LifeProject& project, const std::string& id, std::uint32_t number) {
  LifeSource& source = project.sources.at(id);
  if (number > source.files.size()) {
    return Reason::kKeyFileNotFound;
  }
  LifeFile& file = source.files[number - 1];
  if (file.taken_back) {
    return Reason::kKeyFileWithdrawn;
  }
  if (file.expired || file.expiry_date < today) {
    return Reason::kKeyFileExpired;
  }
  file.fetched = true;
  return std::nullopt;
}

Refusal LivesModel::TakeBack(LifeProject& project, const std::string& id, std::uint32_t number) {
  LifeSource& source = project.sources.at(id);
  if (number > source.files.size()) {
    return Reason::kKeyFileNotFound;
  }
  for (const ModelReport& report : source.reports) {
    if (!report.replaced && report.key_file == number && !report.used.empty()) {
      return Reason::kKeyFileInUse;
    }
  }
  for (const LifeFile& later : source.files) {
    if (later.since == number && later.was_handed_out() && !later.taken_back) {
      return Reason::kKeyFileContinued;
    }
  }
  if (source.files[number - 1].taken_back) {
    return Reason::kKeyFileWithdrawn;
  }
  source.files[number - 1].taken_back = true;
  return std::nullopt;
}

void LivesModel::NewDay(const std::string& day, const std::string& new_expiry_date) {
  today = day;
  expiry_date = new_expiry_date;
  for (auto& [name, project] : projects) {
    for (auto& [id, source] : project.sources) {
      for (LifeFile& file : source.files) {
        file.expired = file.expired || (!file.taken_back && file.expiry_date < today);
      }
    }
  }
}

// Of everybody of whom løpenumre are out, the lowest that stands stays.
LivesModel::Settlement LivesModel::Settle(const LifeProject& project) const {
  Settlement settlement;
  PeopleSet rest = project.issued;
  while (!rest.empty()) {
    const PeopleSet given_out = Both(identities.PersonOf(*rest.begin()), project.issued);
    rest = Less(std::move(rest), given_out);
    PeopleSet standing = Less(given_out, project.retired);
    if (standing.empty()) {
      settlement.restored.insert(Lowest(given_out));
    } else if (standing.size() > 1) {
      standing.erase(Lowest(standing));
      settlement.retired = Union(std::move(settlement.retired), standing);
      ++settlement.persons;
    }
  }
  return settlement;
}

LivesModel::Difference LivesModel::Differences(const LifeProject& project, const Settlement& settlement) const {
  const PeopleSet retired = Less(Union(project.retired, settlement.retired), settlement.restored);
  Difference difference;
  for (const auto& [id, source] : project.sources) {
    LifeWaiting waiting;
    for (const auto& [identifier, before] : ToldBy(source)) {
      if (project.confirmed.contains(identifier) && before != project.PinOf(identifier)) {
        ++waiting.confirmed;
      } else if (before != Choose(project, retired, identifier)) {
        ++waiting.waiting;
        difference.waiting.insert(identifier);
      }
    }
    if (waiting != LifeWaiting()) {
      difference.registers[id] = waiting;
    }
  }
  return difference;
}

std::map<std::string, LifeWaiting> LivesModel::WaitingIn(const LifeProject& project) const {
  return Differences(project, Settle(project)).registers;
}

Refusal LivesModel::Propose(LifeProject& project, const std::string& officer) {
  for (const LifeCorrection& correction : project.corrections) {
    if (correction.state == api::CORRECTION_STATE_PROPOSED) {
      return Reason::kCorrectionPending;
    }
  }
  const Settlement settlement = Settle(project);
  const PeopleSet concerned = Differences(project, settlement).waiting;
  if (settlement.retired.empty() && settlement.restored.empty() && concerned.empty()) {
    return Reason::kNothingToCorrect;
  }
  project.corrections.push_back({.state = api::CORRECTION_STATE_PROPOSED,
                                 .map_version = identities.version(),
                                 .proposed_by = officer,
                                 .retired = settlement.retired,
                                 .restored = settlement.restored,
                                 .concerned = concerned,
                                 .merged_persons = settlement.persons});
  return std::nullopt;
}

Refusal LivesModel::Confirm(LifeProject& project, std::size_t number, const std::string& officer) {
  if (number == 0 || number > project.corrections.size() ||
      project.corrections[number - 1].state != api::CORRECTION_STATE_PROPOSED) {
    return Reason::kCorrectionNotFound;
  }
  LifeCorrection& correction = project.corrections[number - 1];
  if (correction.proposed_by == officer) {
    return Reason::kSameIdentity;
  }
  LifeCorrection confirmed = correction;
  for (PeopleSet* part : {&confirmed.retired, &confirmed.restored, &confirmed.concerned}) {
    *part = Less(std::move(*part), identities.TouchedAfter(correction.map_version));
  }
  if (confirmed.retired.empty() && confirmed.restored.empty() && confirmed.concerned.empty()) {
    return Reason::kCorrectionStale;
  }
  confirmed.state = api::CORRECTION_STATE_CONFIRMED;
  confirmed.merged_persons = identities.CountPersons(confirmed.retired);
  correction = confirmed;
  project.retired = Less(Union(std::move(project.retired), confirmed.retired), confirmed.restored);
  project.confirmed = Union(std::move(project.confirmed), confirmed.concerned);
  PinAgain(project, Union(confirmed.retired, confirmed.restored));
  return std::nullopt;
}

Refusal LivesModel::Reject(LifeProject& project, std::size_t number) {
  if (number == 0 || number > project.corrections.size() ||
      project.corrections[number - 1].state != api::CORRECTION_STATE_PROPOSED) {
    return Reason::kCorrectionNotFound;
  }
  project.corrections[number - 1].state = api::CORRECTION_STATE_REJECTED;
  return std::nullopt;
}

Refusal LivesModel::Report(LifeProject& project, const std::string& id, const ModelReport& report,
                           const std::string& corrects) {
  LifeSource& source = project.sources.at(id);
  if (report.key_file > source.files.size()) {
    return Reason::kKeyFileNotFound;
  }
  const LifeFile& file = source.files[report.key_file - 1];
  if (!file.was_handed_out()) {
    return Reason::kKeyFileWithdrawn;
  }
  // A delivery may be made with any løpenummer that the register was ever told for somebody in the file.
  const PeopleSet covered = file.covered();
  ModelReport stands = report;
  stands.used.clear();
  for (const LifeFile& other : source.files) {
    for (const auto& [identifier, pin] : other.rows) {
      const bool was_told = other.fetched || &other == &file;
      if (was_told && covered.contains(identifier) && report.used.contains(pin)) {
        stands.used.insert(identifier);
      }
    }
  }
  if (stands.used.empty()) {
    return Reason::kNothingValid;
  }
  if (!corrects.empty()) {
    const auto corrected = std::find_if(source.reports.begin(), source.reports.end(), [&](const ModelReport& other) {
      return !other.replaced && other.reference == corrects;
    });
    if (corrected == source.reports.end()) {
      return Reason::kDeliveryNotFound;
    }
    corrected->replaced = true;
  }
  source.reports.push_back(stands);
  return std::nullopt;
}

ModelInclusion LivesModel::InclusionOf(const LifeProject& project, std::size_t identifier) const {
  const PeopleSet& person = identities.PersonOf(identifier);
  const auto has = [&](const PeopleSet& people) { return !Both(person, people).empty(); };
  return has(project.Index())       ? ModelInclusion::kIndex
         : has(project.Relatives()) ? ModelInclusion::kRelative
         : has(project.Former())    ? ModelInclusion::kFormer
                                    : ModelInclusion::kNone;
}

LifeInsight LivesModel::InsightOf(const LifeProject& project, const std::string& id, std::size_t identifier) const {
  const PeopleSet& person = identities.PersonOf(identifier);
  const auto has = [&](const PeopleSet& people) { return !Both(person, people).empty(); };
  const LifeSource& source = project.sources.at(id);
  LifeInsight insight;
  for (const ModelSubmission& submission : source.submissions) {
    const bool counts = !submission.withdrawn || submission.withdrawn_after_issue;
    insight.submitted = insight.submitted || (counts && (has(submission.index) || has(submission.relatives)));
  }
  bool all_reported = true;
  bool used = false;
  for (std::uint32_t number = 1; number <= source.files.size(); ++number) {
    const LifeFile& file = source.files[number - 1];
    if (!file.was_handed_out()) {
      continue;
    }
    const bool is_correction = file.kind == LifeFileKind::kCorrection;
    insight.corrected += is_correction && has(Keys(file.rows)) ? 1 : 0;
    if (!has(file.covered())) {
      continue;
    }
    insight.key_file_issued = true;
    bool reported = is_correction;  // nobody waits for a report on one
    for (const ModelReport& report : source.reports) {
      if (!report.replaced && report.key_file == number) {
        reported = true;
        used = used || has(report.used);
      }
    }
    all_reported = all_reported && reported;
  }
  if (insight.key_file_issued) {
    insight.use = used ? ModelUse::kUsed : all_reported ? ModelUse::kNotUsed : ModelUse::kNotYetReported;
  }
  const bool named_by_reserved_only = has(Population(project, id, false)) && !has(Population(project, id, true));
  if (has(ReservedFor(id)) || named_by_reserved_only) {
    insight.reservation = insight.key_file_issued ? ModelReservation::kAfterIssue : ModelReservation::kLeftOut;
  }
  return insight;
}

std::size_t LivesModel::LaterReservations(const LifeProject& project, const std::string& id) const {
  const LifeFile* newest = nullptr;
  for (const LifeFile& file : project.sources.at(id).files) {
    newest = file.was_handed_out() ? &file : newest;
  }
  if (newest == nullptr) {
    return 0;
  }
  const PeopleSet held = identities.OfPersonsIn(Population(project, id, false), newest->covered());
  return identities.CountPersons(Less(held, Unreserved(project, id, held)));
}

}  // namespace kobling::tests
