// Corrections in case_model.h.
#include <algorithm>
#include <utility>

#include "tests/model/case_model.h"

namespace kobling::tests {
namespace {

// Every number that the register may have delivered somebody under since their last correction, oldest first.
std::map<std::size_t, std::vector<std::size_t>> OutWith(const ModelSource& source) {
  std::map<std::size_t, std::vector<std::size_t>> out;
  for (const ModelKeyFile& file : source.files) {
    if (!file.fetched) {
      continue;
    }
    for (const auto& [identifier, pin] : file.rows) {
      if (file.kind == ModelFileKind::kCorrection) {
        out[identifier].clear();
      }
      out[identifier].push_back(pin);
    }
  }
  return out;
}

// The first of them that is wrong, or the right one.
std::size_t FirstWrong(const std::vector<std::size_t>& out, std::size_t right) {
  const auto found = std::find_if(out.begin(), out.end(), [&](std::size_t each) { return each != right; });
  return found == out.end() ? right : *found;
}

}  // namespace

ModelCorrectedRow CaseModel::Explain(std::size_t identifier, std::size_t before, std::size_t now) const {
  ModelCorrectedRow row{.identifier = identifier, .before = before, .now = now, .date = {}, .cause = {}};
  const bool is_merged = identities.AreOne(identifier, before);
  const std::uint64_t sequence =
      is_merged ? identities.OneSince(before, now) : identities.ApartSince(identifier, before);
  row.date = identities.event(sequence).date;
  row.cause = is_merged ? "merged" : "split";
  return row;
}

Refusal CaseModel::IssueCorrection(ModelProject& project, const std::string& id) {
  ModelSource& source = project.sources.at(id);
  if (const Refusal refusal = NotServed(project, source); refusal.has_value()) {
    return refusal;
  }
  ModelKeyFile file;
  file.kind = ModelFileKind::kCorrection;
  for (const auto& [identifier, out] : OutWith(source)) {
    const std::size_t now = project.PinOf(identifier);
    const std::size_t before = FirstWrong(out, now);
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
    const ModelKeyFile& other = source.files[number - 1];
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

// Of everybody of whom løpenumre are out, the lowest that stands stays.
CaseModel::Settlement CaseModel::Settle(const ModelProject& project) const {
  Settlement settlement;
  PeopleSet rest = project.issued;
  while (!rest.empty()) {
    const PeopleSet given_out = Both(identities.PersonOf(*rest.begin()), project.issued);
    rest = Less(std::move(rest), given_out);
    PeopleSet standing = given_out;
    std::erase_if(standing, [&](std::size_t each) { return IsRetired(project.retired, each); });
    if (standing.size() > 1) {
      const std::size_t stays = Lowest(standing);
      for (const std::size_t each : given_out) {
        if (each != stays) {
          settlement.retired.emplace(each, stays);
        }
      }
      ++settlement.persons;
    }
  }
  return settlement;
}

CaseModel::Difference CaseModel::Differences(const ModelProject& project, const Settlement& settlement) const {
  ModelRetired retired = project.retired;
  retired.insert(settlement.retired.begin(), settlement.retired.end());
  Difference difference;
  for (const auto& [id, source] : project.sources) {
    ModelWaiting waiting;
    for (const auto& [identifier, out] : OutWith(source)) {
      const auto is_wrong = [&, &numbers = out](std::size_t right) { return FirstWrong(numbers, right) != right; };
      if (project.confirmed.contains(identifier) && is_wrong(project.PinOf(identifier))) {
        ++waiting.confirmed;
      } else if (is_wrong(Choose(project, retired, identifier))) {
        ++waiting.waiting;
        difference.waiting.insert(identifier);
      }
    }
    if (waiting != ModelWaiting()) {
      difference.registers[id] = waiting;
    }
  }
  return difference;
}

std::map<std::string, ModelWaiting> CaseModel::WaitingIn(const ModelProject& project) const {
  return Differences(project, Settle(project)).registers;
}

bool CaseModel::IsToBeReviewed(const ModelProject& project) const {
  const bool is_proposed =
      std::any_of(project.corrections.begin(), project.corrections.end(),
                  [](const ModelCorrection& correction) { return correction.state == api::CORRECTION_STATE_PROPOSED; });
  const Settlement settlement = Settle(project);
  return !NotRunning(project).has_value() &&
         (is_proposed || !settlement.retired.empty() || !Differences(project, settlement).registers.empty());
}

Refusal CaseModel::Propose(ModelProject& project, const std::string& officer) {
  for (const ModelCorrection& correction : project.corrections) {
    if (correction.state == api::CORRECTION_STATE_PROPOSED) {
      return Reason::kCorrectionPending;
    }
  }
  const Settlement settlement = Settle(project);
  const PeopleSet concerned = Differences(project, settlement).waiting;
  if (settlement.retired.empty() && concerned.empty()) {
    return Reason::kNothingToCorrect;
  }
  project.corrections.push_back({.state = api::CORRECTION_STATE_PROPOSED,
                                 .map_version = identities.version(),
                                 .proposed_by = officer,
                                 .retired = settlement.retired,
                                 .concerned = concerned,
                                 .merged_persons = settlement.persons});
  return std::nullopt;
}

Refusal CaseModel::Confirm(ModelProject& project, std::size_t number, const std::string& officer) {
  if (number == 0 || number > project.corrections.size() ||
      project.corrections[number - 1].state != api::CORRECTION_STATE_PROPOSED) {
    return Reason::kCorrectionNotFound;
  }
  ModelCorrection& correction = project.corrections[number - 1];
  if (correction.proposed_by == officer) {
    return Reason::kSameIdentity;
  }
  ModelCorrection confirmed = correction;
  const PeopleSet touched = identities.TouchedAfter(correction.map_version);
  std::erase_if(confirmed.retired, [&](const auto& pair) { return touched.contains(pair.first); });
  confirmed.concerned = Less(std::move(confirmed.concerned), touched);
  if (confirmed.retired.empty() && confirmed.concerned.empty()) {
    return Reason::kCorrectionStale;
  }
  PeopleSet retired;
  for (const auto& [each, stays] : confirmed.retired) {
    retired.insert(each);
  }
  confirmed.state = api::CORRECTION_STATE_CONFIRMED;
  confirmed.merged_persons = identities.CountPersons(retired);
  correction = confirmed;
  project.retired.insert(confirmed.retired.begin(), confirmed.retired.end());
  project.confirmed = Union(std::move(project.confirmed), confirmed.concerned);
  PinAgain(project, retired);
  return std::nullopt;
}

Refusal CaseModel::Reject(ModelProject& project, std::size_t number) {
  if (number == 0 || number > project.corrections.size() ||
      project.corrections[number - 1].state != api::CORRECTION_STATE_PROPOSED) {
    return Reason::kCorrectionNotFound;
  }
  project.corrections[number - 1].state = api::CORRECTION_STATE_REJECTED;
  return std::nullopt;
}

}  // namespace kobling::tests
