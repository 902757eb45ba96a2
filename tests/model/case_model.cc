#include "tests/model/case_model.h"

#include <algorithm>
#include <iterator>

namespace kobling::tests {

PeopleSet Union(PeopleSet a, const PeopleSet& b) {
  a.insert(b.begin(), b.end());
  return a;
}

PeopleSet Less(PeopleSet a, const PeopleSet& b) {
  for (const std::size_t person : b) {
    a.erase(person);
  }
  return a;
}

PeopleSet Both(const PeopleSet& a, const PeopleSet& b) {
  PeopleSet both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(both, both.end()));
  return both;
}

namespace {

// People in one part of all submissions that stand.
PeopleSet Standing(const ModelProject& project, PeopleSet ModelSubmission::*part) {
  PeopleSet people;
  for (const auto& [id, source] : project.sources) {
    for (const ModelSubmission& submission : source.submissions) {
      people = submission.withdrawn ? people : Union(people, submission.*part);
    }
  }
  return people;
}

}  // namespace

PeopleSet ModelProject::Index() const { return Standing(*this, &ModelSubmission::index); }

PeopleSet ModelProject::Relatives() const { return Standing(*this, &ModelSubmission::relatives); }

PeopleSet ModelProject::Former() const {
  PeopleSet people;
  for (const auto& [id, source] : sources) {
    for (const ModelSubmission& submission : source.submissions) {
      if (submission.withdrawn_after_issue) {
        people = Union(Union(people, submission.index), submission.relatives);
      }
    }
  }
  return Less(Less(people, Index()), Relatives());
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
  return project.end_date < today ? Refusal(Reason::kProjectEnded) : std::nullopt;
}

bool CaseModel::IsComplete(const ModelProject& project) {
  return std::all_of(project.sources.begin(), project.sources.end(), [](const auto& entry) {
    return !entry.second.defines || entry.second.withdrawn || entry.second.complete;
  });
}

PeopleSet CaseModel::ReservedFor(const std::string& id) const {
  PeopleSet people;
  for (const auto& [list, members] : reservations) {
    people = list.empty() || list == id ? Union(people, members) : people;
  }
  return people;
}

PeopleSet CaseModel::Population(const ModelProject& project, const std::string& id, bool with_reservations) const {
  PeopleSet people;
  for (const auto& [namer, source] : project.sources) {
    const PeopleSet reserved = with_reservations ? ReservedFor(namer) : PeopleSet();
    for (const ModelSubmission& submission : source.submissions) {
      if (!submission.withdrawn) {
        people = Union(people, Less(submission.index, reserved));
        people = namer == id ? Union(people, Less(submission.relatives, reserved)) : people;
      }
    }
  }
  return people;
}

PeopleSet CaseModel::Unreserved(const ModelProject& project, const std::string& id, const PeopleSet& candidates) const {
  return Less(Both(candidates, Population(project, id, true)), ReservedFor(id));
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
  if (Union(Union(project.Everybody(), index), relatives).size() > project.approved) {
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
  source.submissions[number - 1].withdrawn = true;
  source.submissions[number - 1].withdrawn_after_issue =
      std::any_of(project.sources.begin(), project.sources.end(),
                  [](const auto& entry) { return !entry.second.key_files.empty(); });
  source.complete = source.complete && source.submissions[number - 1].withdrawn_after_issue;
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
  if (source.withdrawn) {
    return Reason::kSourceWithdrawn;
  }
  if (const Refusal refusal = NotRunning(project); refusal.has_value()) {
    return refusal;
  }
  if (!IsComplete(project)) {
    return Reason::kPopulationIncomplete;
  }
  source.window_open = true;
  source.window_used = false;
  return std::nullopt;
}

Refusal CaseModel::Match(ModelProject& project, const std::string& id, const PeopleSet& held) {
  ModelSource& source = project.sources.at(id);
  if (source.withdrawn) {
    return Reason::kSourceWithdrawn;
  }
  if (const Refusal refusal = NotRunning(project); refusal.has_value()) {
    return refusal;
  }
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
  source.match.matched = Unreserved(project, id, Both(held, source.match.population));
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
    usable = usable && Both(Less(members, reservations.at(list)), population).empty();
  }
  return usable ? std::nullopt : Refusal(Reason::kMatchMissing);
}

Refusal CaseModel::Issue(ModelProject& project, const std::string& id, std::uint32_t since) {
  ModelSource& source = project.sources.at(id);
  if (source.withdrawn) {
    return Reason::kSourceWithdrawn;
  }
  if (const Refusal refusal = NotRunning(project); refusal.has_value()) {
    return refusal;
  }
  if (!IsComplete(project)) {
    return Reason::kPopulationIncomplete;
  }
  PeopleSet candidates;
  switch (source.scope) {
    case ModelScope::kOwn:
      for (const ModelSubmission& submission : source.submissions) {
        candidates =
            submission.withdrawn ? candidates : Union(Union(candidates, submission.index), submission.relatives);
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
      break;
  }
  ModelKeyFile file;
  file.since = since;
  file.rows = file.covered = Unreserved(project, id, candidates);
  if (since != 0) {
    if (since > source.key_files.size()) {
      return Reason::kKeyFileNotFound;
    }
    const ModelKeyFile& earlier = source.key_files[since - 1];
    if (earlier.taken_back) {
      return Reason::kKeyFileWithdrawn;
    }
    if (!earlier.fetched) {
      return Reason::kKeyFileNotFetched;
    }
    file.rows = Less(file.covered, earlier.covered);
    file.withdrawn = Less(earlier.covered, file.covered);
  }
  if (file.rows.empty() && file.withdrawn.empty()) {
    return Reason::kNothingToIssue;
  }
  for (const ModelKeyFile& other : source.key_files) {
    if (!other.taken_back && !other.expired && other.since == since && other.rows == file.rows &&
        other.withdrawn == file.withdrawn && other.expiry_date >= today) {
      return Reason::kKeyFileStands;
    }
  }
  source.key_files.push_back(file);
  return std::nullopt;
}

Refusal CaseModel::TakeBack(ModelProject& project, const std::string& id, std::uint32_t number) {
  ModelSource& source = project.sources.at(id);
  if (number > source.key_files.size()) {
    return Reason::kKeyFileNotFound;
  }
  if (project.state == ModelState::kKeyDestroyed) {
    return Reason::kKeyDestroyed;
  }
  for (const ModelReport& report : source.reports) {
    if (!report.replaced && report.key_file == number && !report.used.empty()) {
      return Reason::kKeyFileInUse;
    }
  }
  for (const ModelKeyFile& later : source.key_files) {
    if (later.since == number && later.was_handed_out() && !later.taken_back) {
      return Reason::kKeyFileContinued;
    }
  }
  if (source.key_files[number - 1].taken_back) {
    return Reason::kKeyFileWithdrawn;
  }
  source.key_files[number - 1].taken_back = true;
  return std::nullopt;
}

Refusal CaseModel::Report(ModelProject& project, const std::string& id, const ModelReport& report,
                          const std::string& corrects) {
  ModelSource& source = project.sources.at(id);
  if (project.state == ModelState::kKeyDestroyed) {
    return Reason::kKeyDestroyed;
  }
  if (report.key_file > source.key_files.size()) {
    return Reason::kKeyFileNotFound;
  }
  const ModelKeyFile& file = source.key_files[report.key_file - 1];
  if (!file.was_handed_out()) {
    return Reason::kKeyFileWithdrawn;
  }
  ModelReport stands = report;
  stands.used = Both(report.used, file.covered);
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
    for (ModelKeyFile& file : source.key_files) {
      file.expired = file.expired || !file.taken_back;
    }
  }
  return std::nullopt;
}

void CaseModel::NewDay(const std::string& day) {
  today = day;
  for (auto& [name, project] : projects) {
    for (auto& [id, source] : project.sources) {
      for (ModelKeyFile& file : source.key_files) {
        file.expired = file.expired || (!file.taken_back && file.expiry_date < today);
      }
    }
  }
}

ModelInclusion CaseModel::InclusionOf(const ModelProject& project, std::size_t person) const {
  return project.Index().contains(person)       ? ModelInclusion::kIndex
         : project.Relatives().contains(person) ? ModelInclusion::kRelative
         : project.Former().contains(person)    ? ModelInclusion::kFormer
                                                : ModelInclusion::kNone;
}

ModelRegisterInsight CaseModel::InsightOf(const ModelProject& project, const std::string& id,
                                          std::size_t person) const {
  const ModelSource& source = project.sources.at(id);
  ModelRegisterInsight insight;
  for (const ModelSubmission& submission : source.submissions) {
    const bool counts = !submission.withdrawn || submission.withdrawn_after_issue;
    insight.submitted =
        insight.submitted || (counts && (submission.index.contains(person) || submission.relatives.contains(person)));
  }
  bool all_reported = true;
  bool used = false;
  for (std::uint32_t number = 1; number <= source.key_files.size(); ++number) {
    const ModelKeyFile& file = source.key_files[number - 1];
    if (!file.was_handed_out()) {
      continue;
    }
    if (!file.covered.contains(person)) {
      continue;
    }
    insight.key_file_issued = true;
    bool reported = false;
    for (const ModelReport& report : source.reports) {
      if (!report.replaced && report.key_file == number) {
        reported = true;
        used = used || report.used.contains(person);
      }
    }
    all_reported = all_reported && reported;
  }
  if (insight.key_file_issued) {
    insight.use = used ? ModelUse::kUsed : all_reported ? ModelUse::kNotUsed : ModelUse::kNotYetReported;
  }
  // Named, but only by registers that may not use the person's data.
  const bool named_by_reserved_only =
      Population(project, id, false).contains(person) && !Population(project, id, true).contains(person);
  if (ReservedFor(id).contains(person) || named_by_reserved_only) {
    insight.reservation = insight.key_file_issued ? ModelReservation::kAfterIssue : ModelReservation::kLeftOut;
  }
  return insight;
}

std::size_t CaseModel::LaterReservations(const ModelProject& project, const std::string& id) const {
  const ModelKeyFile* newest = nullptr;
  for (const ModelKeyFile& file : project.sources.at(id).key_files) {
    newest = file.was_handed_out() ? &file : newest;
  }
  if (newest == nullptr) {
    return 0;
  }
  const PeopleSet held = Both(newest->covered, Population(project, id, false));
  return Less(held, Unreserved(project, id, held)).size();
}

bool CaseModel::IsOverdue(const ModelProject& project, const std::string& id, std::uint32_t number) const {
  const ModelSource& source = project.sources.at(id);
  const ModelKeyFile& file = source.key_files[number - 1];
  const bool reported = std::any_of(source.reports.begin(), source.reports.end(), [&](const ModelReport& report) {
    return !report.replaced && report.key_file == number;
  });
  return project.state != ModelState::kKeyDestroyed && file.was_handed_out() && !reported && file.due_date < today;
}

}  // namespace kobling::tests
