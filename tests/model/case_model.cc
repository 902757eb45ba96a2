#include "tests/model/case_model.h"

#include <algorithm>
#include <utility>

namespace kobling::tests {
namespace {

// People in one part of all submissions that stand.
PeopleSet Standing(const ModelProject& project, PeopleSet ModelSubmission::*part) {
  PeopleSet people;
  for (const auto& [id, source] : project.sources) {
    for (const ModelSubmission& submission : source.submissions) {
      people = submission.withdrawn ? std::move(people) : Union(std::move(people), submission.*part);
    }
  }
  return people;
}

}  // namespace

std::size_t ModelProject::PinOf(std::size_t identifier) const {
  const auto pin = pins.find(identifier);
  return pin == pins.end() ? identifier : pin->second;
}

bool ModelProject::is_complete() const {
  return std::all_of(sources.begin(), sources.end(), [](const auto& entry) {
    return !entry.second.defines || entry.second.withdrawn || entry.second.complete;
  });
}

PeopleSet ModelProject::Index() const { return Standing(*this, &ModelSubmission::index); }

PeopleSet ModelProject::Relatives() const { return Standing(*this, &ModelSubmission::relatives); }

// Whoever is in no submission, but was when a key file was issued, or had a row of one.
PeopleSet ModelProject::Former() const {
  PeopleSet people;
  for (const auto& [id, source] : sources) {
    for (const ModelSubmission& submission : source.submissions) {
      if (submission.withdrawn_after_issue) {
        people = Union(Union(std::move(people), submission.index), submission.relatives);
      }
    }
    for (const ModelKeyFile& file : source.files) {
      if (file.kind != ModelFileKind::kCorrection) {
        people = Union(std::move(people), file.told());
      }
    }
  }
  return Less(Less(std::move(people), Index()), Relatives());
}

PeopleSet ModelProject::Everybody() const { return Union(Union(Index(), Relatives()), Former()); }

Refusal CaseModel::NotActive(const ModelProject& project) {
  switch (project.state) {
    case ModelState::kActive:
      return std::nullopt;
    case ModelState::kClosed:
      return Reason::kProjectState;
    case ModelState::kKeyDestroyed:
      return Reason::kKeyDestroyed;
  }
  return Reason::kInternal;
}

Refusal CaseModel::NotRunning(const ModelProject& project) const {
  if (const Refusal refusal = NotActive(project); refusal.has_value()) {
    return refusal;
  }
  return project.end_date < day.today ? Refusal(Reason::kProjectEnded) : std::nullopt;
}

Refusal CaseModel::NotServed(const ModelProject& project, const ModelSource& source) const {
  if (source.withdrawn) {
    return Reason::kSourceWithdrawn;
  }
  if (const Refusal refusal = NotRunning(project); refusal.has_value()) {
    return refusal;
  }
  return project.is_complete() ? std::nullopt : Refusal(Reason::kPopulationIncomplete);
}

std::size_t CaseModel::Lowest(const PeopleSet& identifiers) const {
  return *std::min_element(identifiers.begin(), identifiers.end(),
                           [&](std::size_t a, std::size_t b) { return order(a) < order(b); });
}

// The rules of the decision record.
bool IsRetired(const ModelRetired& retired, std::size_t identifier) {
  const auto found = retired.lower_bound({identifier, 0});
  return found != retired.end() && found->first == identifier;
}

std::size_t CaseModel::Choose(const ModelProject& project, const ModelRetired& retired, std::size_t identifier) const {
  const PeopleSet& person = identities.PersonOf(identifier);
  PeopleSet preferred = Both(person, project.issued);
  std::erase_if(preferred, [&](std::size_t each) { return IsRetired(retired, each); });
  if (preferred.empty()) {
    return person.size() == 1 ? identifier : Lowest(person);
  }
  return *std::min_element(preferred.begin(), preferred.end(), [&](std::size_t a, std::size_t b) {
    const std::uint64_t with_a = identities.OneSince(identifier, a);
    const std::uint64_t with_b = identities.OneSince(identifier, b);
    return with_a != with_b ? with_a < with_b : order(a) < order(b);
  });
}

void CaseModel::PinAgain(ModelProject& project, const PeopleSet& identifiers) const {
  for (const std::size_t identifier : identifiers) {
    for (const std::size_t each : identities.PersonOf(identifier)) {
      project.pins[each] = Choose(project, project.retired, each);
    }
  }
}

void CaseModel::PinEverybody(ModelProject& project) const {
  for (std::size_t identifier = 0; identifier < identities.size(); ++identifier) {
    if (identities.PersonOf(identifier).size() > 1) {
      project.pins[identifier] = Choose(project, project.retired, identifier);
    }
  }
}

bool CaseModel::Apply(const LifeEvent& event) {
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

std::optional<std::size_t> CaseModel::WithAForeignPin(const ModelProject& project) const {
  for (const auto& [identifier, pin] : project.pins) {
    if (!identities.AreOne(identifier, pin)) {
      return identifier;
    }
  }
  return std::nullopt;
}

PeopleSet CaseModel::ReservedFor(const std::string& id) const {
  PeopleSet people;
  for (const auto& [list, members] : reservations) {
    people = list.empty() || list == id ? Union(std::move(people), members) : std::move(people);
  }
  return people;
}

PeopleSet CaseModel::Population(const ModelProject& project, const std::string& id, bool with_reservations) const {
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

PeopleSet CaseModel::Unreserved(const ModelProject& project, const std::string& id, const PeopleSet& candidates) const {
  const PeopleSet rows = identities.OfPersonsIn(Population(project, id, true), candidates);
  return Less(rows, identities.OfPersonsIn(ReservedFor(id), rows));
}

Refusal CaseModel::Submit(ModelProject& project, const std::string& id, const PeopleSet& index,
                          const PeopleSet& relatives) {
  ModelSource& source = project.sources.at(id);
  if (const Refusal refusal = NotRunning(project); refusal.has_value()) {
    return refusal;
  }
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

Refusal CaseModel::Withdraw(ModelProject& project, const std::string& id, std::size_t number) {
  ModelSource& source = project.sources.at(id);
  if (const Refusal refusal = NotActive(project); refusal.has_value()) {
    return refusal;
  }
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

Refusal CaseModel::Complete(ModelProject& project, const std::string& id) {
  ModelSource& source = project.sources.at(id);
  if (const Refusal refusal = NotActive(project); refusal.has_value()) {
    return refusal;
  }
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

Refusal CaseModel::Reopen(ModelProject& project, const std::string& id) {
  if (const Refusal refusal = NotActive(project); refusal.has_value()) {
    return refusal;
  }
  project.sources.at(id).locked = false;
  project.sources.at(id).complete = false;
  return std::nullopt;
}

Refusal CaseModel::OpenWindow(ModelProject& project, const std::string& id) {
  ModelSource& source = project.sources.at(id);
  if (const Refusal refusal = NotServed(project, source); refusal.has_value()) {
    return refusal;
  }
  source.window_open = true;
  source.window_used = false;
  return std::nullopt;
}

Refusal CaseModel::Match(ModelProject& project, const std::string& id, const PeopleSet& held) {
  ModelSource& source = project.sources.at(id);
  if (const Refusal refusal = NotServed(project, source); refusal.has_value()) {
    return refusal;
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

// Whom the match left out for a reservation that is withdrawn since can only come in by another match.
Refusal CaseModel::NoUsableMatch(const ModelProject& project, const std::string& id) const {
  const ModelSource& source = project.sources.at(id);
  const PeopleSet population = Population(project, id, false);
  bool usable = source.window_open && source.window_used && source.match.population == population;
  for (const auto& [list, members] : source.match.lists) {
    const PeopleSet left = Less(members, identities.OfPersonsIn(reservations.at(list), members));
    usable = usable && identities.OfPersonsIn(left, population).empty();
  }
  return usable ? std::nullopt : Refusal(Reason::kMatchMissing);
}

Refusal CaseModel::Close(ModelProject& project) {
  if (const Refusal refusal = NotActive(project); refusal.has_value()) {
    return refusal;
  }
  project.state = ModelState::kClosed;
  return std::nullopt;
}

Refusal CaseModel::DestroyKey(ModelProject& project) {
  if (project.state != ModelState::kClosed) {
    return project.state == ModelState::kActive ? Reason::kProjectState : Reason::kKeyDestroyed;
  }
  project.state = ModelState::kKeyDestroyed;
  for (auto& [id, source] : project.sources) {
    for (ModelKeyFile& file : source.files) {
      file.expired = file.expired || !file.taken_back;
    }
  }
  return std::nullopt;
}

}  // namespace kobling::tests
