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

}  // namespace

PeopleSet LifeFile::covered() const { return Keys(held); }

PeopleSet LifeFile::told() const { return Keys(rows); }

std::size_t LifeProject::PinOf(std::size_t identifier) const {
  const auto pin = pins.find(identifier);
  return pin == pins.end() ? identifier : pin->second;
}

bool LifeProject::is_complete() const {
  return std::all_of(sources.begin(), sources.end(),
                     [](const auto& entry) { return !entry.second.defines || entry.second.complete; });
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
        people = Union(std::move(people), file.told());
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

// The rules of the decision record.
std::size_t LivesModel::Choose(const LifeProject& project, const std::map<std::size_t, std::size_t>& retired,
                               std::size_t identifier) const {
  const PeopleSet& person = identities.PersonOf(identifier);
  PeopleSet preferred = Both(person, project.issued);
  std::erase_if(preferred, [&](std::size_t each) { return retired.contains(each); });
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
    // A retirement ends when the two are one no more.
    std::erase_if(project.retired, [&](const auto& pair) { return !identities.AreOne(pair.first, pair.second); });
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
  if (!project.is_complete()) {
    return Reason::kPopulationIncomplete;
  }
  project.sources.at(id).window_open = true;
  project.sources.at(id).window_used = false;
  return std::nullopt;
}

Refusal LivesModel::Match(LifeProject& project, const std::string& id, const PeopleSet& held) {
  LifeSource& source = project.sources.at(id);
  if (!project.is_complete()) {
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
  if (!project.is_complete()) {
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
  PeopleSet different;
  for (const std::size_t identifier : file.covered()) {
    different.insert(project.PinOf(identifier));
  }
  file.persons = different.size();
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

}  // namespace kobling::tests
