// What persons and case workers are told, in case_model.h.
#include <algorithm>

#include "tests/model/case_model.h"

namespace kobling::tests {

ModelInclusion CaseModel::InclusionOf(const ModelProject& project, std::size_t identifier) const {
  const PeopleSet& person = identities.PersonOf(identifier);
  const auto has = [&](const PeopleSet& people) { return !Both(person, people).empty(); };
  return has(project.Index())       ? ModelInclusion::kIndex
         : has(project.Relatives()) ? ModelInclusion::kRelative
         : has(project.Former())    ? ModelInclusion::kFormer
                                    : ModelInclusion::kNone;
}

ModelRegisterInsight CaseModel::InsightOf(const ModelProject& project, const std::string& id,
                                          std::size_t identifier) const {
  const PeopleSet& person = identities.PersonOf(identifier);
  const auto has = [&](const PeopleSet& people) { return !Both(person, people).empty(); };
  const ModelSource& source = project.sources.at(id);
  ModelRegisterInsight insight;
  for (const ModelSubmission& submission : source.submissions) {
    const bool counts = !submission.withdrawn || submission.withdrawn_after_issue;
    insight.submitted = insight.submitted || (counts && (has(submission.index) || has(submission.relatives)));
  }
  bool all_reported = true;
  bool used = false;
  for (std::uint32_t number = 1; number <= source.files.size(); ++number) {
    const ModelKeyFile& file = source.files[number - 1];
    if (!file.was_handed_out()) {
      continue;
    }
    const bool is_correction = file.kind == ModelFileKind::kCorrection;
    insight.corrected += is_correction && has(file.told()) ? 1 : 0;
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
  // Named, but only by registers that may not use the person's data.
  const bool named_by_reserved_only = has(Population(project, id, false)) && !has(Population(project, id, true));
  if (has(ReservedFor(id)) || named_by_reserved_only) {
    insight.reservation = insight.key_file_issued ? ModelReservation::kAfterIssue : ModelReservation::kLeftOut;
  }
  return insight;
}

std::size_t CaseModel::LaterReservations(const ModelProject& project, const std::string& id) const {
  const ModelKeyFile* newest = nullptr;
  for (const ModelKeyFile& file : project.sources.at(id).files) {
    newest = file.was_handed_out() ? &file : newest;
  }
  if (newest == nullptr) {
    return 0;
  }
  const PeopleSet held = identities.OfPersonsIn(Population(project, id, false), newest->covered());
  return identities.CountPersons(Less(held, Unreserved(project, id, held)));
}

bool CaseModel::IsOverdue(const ModelProject& project, const std::string& id, std::uint32_t number) const {
  const ModelSource& source = project.sources.at(id);
  const ModelKeyFile& file = source.files[number - 1];
  const bool reported = std::any_of(source.reports.begin(), source.reports.end(), [&](const ModelReport& report) {
    return !report.replaced && report.key_file == number;
  });
  return project.state != ModelState::kKeyDestroyed && !file.due_date.empty() && file.was_handed_out() && !reported &&
         file.due_date < day.today;
}

}  // namespace kobling::tests
