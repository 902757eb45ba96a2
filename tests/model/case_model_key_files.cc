// Key files and reports in case_model.h.
#include <algorithm>
#include <iterator>
#include <utility>

#include "tests/model/case_model.h"

namespace kobling::tests {
namespace {

PeopleSet Keys(const Pins& pins) {
  PeopleSet keys;
  for (const auto& [identifier, pin] : pins) {
    keys.insert(identifier);
  }
  return keys;
}

}  // namespace

PeopleSet ModelKeyFile::covered() const { return Keys(held); }

PeopleSet ModelKeyFile::told() const { return Keys(rows); }

Refusal CaseModel::Issue(ModelProject& project, const std::string& id, std::uint32_t since) {
  ModelSource& source = project.sources.at(id);
  if (const Refusal refusal = NotServed(project, source); refusal.has_value()) {
    return refusal;
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
  ModelKeyFile file;
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
    const ModelKeyFile& earlier = source.files[since - 1];
    if (earlier.taken_back) {
      return Reason::kKeyFileWithdrawn;
    }
    if (std::any_of(source.files.begin() + since, source.files.end(), [](const ModelKeyFile& later) {
          return later.kind == ModelFileKind::kCorrection && !later.taken_back && later.was_handed_out();
        })) {
      return Reason::kKeyFileOutdated;
    }
    if (!earlier.fetched) {
      return Reason::kKeyFileNotFetched;
    }
    file.kind = ModelFileKind::kDelta;
    file.rows.clear();
    std::set_difference(file.held.begin(), file.held.end(), earlier.held.begin(), earlier.held.end(),
                        std::inserter(file.rows, file.rows.end()));
    std::set_difference(earlier.held.begin(), earlier.held.end(), file.held.begin(), file.held.end(),
                        std::inserter(file.withdrawn, file.withdrawn.end()));
  }
  return Keep(project, source, std::move(file));
}

// Numbers the file, unless there is nothing in it or one like it stands.
Refusal CaseModel::Keep(ModelProject& project, ModelSource& source, ModelKeyFile file) {
  if (file.rows.empty() && file.withdrawn.empty()) {
    return Reason::kNothingToIssue;
  }
  for (const ModelKeyFile& other : source.files) {
    const bool same_old_numbers =
        std::equal(file.corrected.begin(), file.corrected.end(), other.corrected.begin(), other.corrected.end(),
                   [](const ModelCorrectedRow& a, const ModelCorrectedRow& b) { return a.before == b.before; });
    if (!other.taken_back && !other.expired && other.expiry_date >= day.today && other.kind == file.kind &&
        other.since == file.since && other.rows == file.rows && other.withdrawn == file.withdrawn && same_old_numbers) {
      return Reason::kKeyFileStands;
    }
  }
  if (file.kind == ModelFileKind::kCorrection &&
      std::any_of(source.files.begin(), source.files.end(), [&](const ModelKeyFile& other) {
        return !other.fetched && !other.taken_back && !other.expired && other.expiry_date >= day.today;
      })) {
    return Reason::kKeyFileOutdated;
  }
  PeopleSet given_out;
  for (const auto& [identifier, pin] : file.rows) {
    given_out.insert(pin);
  }
  file.map_version = identities.version();
  file.expiry_date = day.expiry_date;
  file.due_date = file.kind == ModelFileKind::kCorrection ? "" : day.due_date;  // nobody waits for a report on one
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

Refusal CaseModel::Fetch(ModelProject& project, const std::string& id, std::uint32_t number) {
  ModelSource& source = project.sources.at(id);
  if (number > source.files.size()) {
    return Reason::kKeyFileNotFound;
  }
  ModelKeyFile& file = source.files[number - 1];
  if (file.taken_back) {
    return Reason::kKeyFileWithdrawn;
  }
  if (file.expired || file.expiry_date < day.today) {
    return Reason::kKeyFileExpired;
  }
  if (file.kind == ModelFileKind::kCorrection && !file.fetched &&
      !Both(identities.TouchedAfter(file.map_version), Keys(file.rows)).empty()) {
    return Reason::kKeyFileOutdated;
  }
  file.fetched = true;
  return std::nullopt;
}

Refusal CaseModel::TakeBack(ModelProject& project, const std::string& id, std::uint32_t number) {
  ModelSource& source = project.sources.at(id);
  if (number > source.files.size()) {
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
  for (const ModelKeyFile& later : source.files) {
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

void CaseModel::NewDay(const ModelDay& new_day) {
  day = new_day;
  for (auto& [name, project] : projects) {
    for (auto& [id, source] : project.sources) {
      for (ModelKeyFile& file : source.files) {
        file.expired = file.expired || (!file.taken_back && file.expiry_date < day.today);
      }
    }
  }
}

Refusal CaseModel::Report(ModelProject& project, const std::string& id, const ModelReport& report,
                          const std::string& corrects) {
  ModelSource& source = project.sources.at(id);
  if (project.state == ModelState::kKeyDestroyed) {
    return Reason::kKeyDestroyed;
  }
  if (report.key_file > source.files.size()) {
    return Reason::kKeyFileNotFound;
  }
  const ModelKeyFile& file = source.files[report.key_file - 1];
  if (!file.was_handed_out()) {
    return Reason::kKeyFileWithdrawn;
  }
  // A delivery may be made with any løpenummer that the register was ever told for somebody in the file.
  const PeopleSet covered = file.covered();
  ModelReport stands = report;
  stands.used.clear();
  PeopleSet pins;
  for (const ModelKeyFile& other : source.files) {
    for (const auto& [identifier, pin] : other.rows) {
      const bool was_told = other.fetched || &other == &file;
      if (was_told && covered.contains(identifier) && report.used.contains(pin)) {
        stands.used.insert(identifier);
        pins.insert(pin);
      }
    }
  }
  stands.lopenumre = pins.size();
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
