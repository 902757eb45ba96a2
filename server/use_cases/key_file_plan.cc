#include "server/use_cases/key_file_plan.h"

#include <algorithm>
#include <string>
#include <utility>

#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/core/access.h"
#include "server/core/dates.h"
#include "server/core/issued_series.h"
#include "server/core/lawful_case.h"
#include "server/core/source_rows.h"
#include "server/use_cases/registers.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

// Whether the key file can be fetched and holds what the plan would issue.
bool IsSameFile(const records::KeyFileRecord& key_file, const KeyFilePlan& plan) {
  return !key_file.withdrawn() && !key_file.expired() && key_file.kind() == plan.content.kind &&
         key_file.since() == plan.since && key_file.set() == plan.rows_id &&
         key_file.withdrawn_set() == plan.withdrawn_id && key_file.scope() == plan.source.scope() &&
         key_file.recipient() == plan.recipient.recipient() && key_file.key_version() == plan.project.key_version() &&
         key_file.representatives_digest() == plan.representatives_digest;
}

std::uint32_t CountConfirmed(const Project& project) {
  const auto& corrections = project.rows.corrections;
  return static_cast<std::uint32_t>(std::count_if(corrections.begin(), corrections.end(), [](const auto& correction) {
    return correction.state() == records::CORRECTION_STATE_RECORD_CONFIRMED;
  }));
}

absl::Status Overtaken(const records::ProjectRecord& project) {
  return MakeError(Reason::kPreconditionFailed,
                   {{DetailKey::kProject, project.id()},
                    {DetailKey::kHint, "people or their identities changed while the file was made; issue it again"}});
}

// A plan in the making. Who is who may take a second to find out, so that a plan is made on a copy of the state, and
// at the commit, where everybody else waits, what was found out then is taken over.
class Planner {
 public:
  // `planned` is null, or the plan that was carried out meanwhile.
  Planner(const Core& core, const StateData& state, const Project& project, const KeyFilePlan* planned)
      : core_(core), state_(state), project_(project), planned_(planned) {}

  // Whether the identities are still those of the plan that was carried out.
  bool StillHolds() const {
    return planned_ == nullptr ||
           (planned_->corrections == CountConfirmed(project_) &&
            core_.identities
                .ChangedSince(planned_->map_version, EverybodyIn(project_) | planned_->covered |
                                                         planned_->content.rows | planned_->content.withdrawn)
                .isEmpty());
  }

  absl::Status PlanRows(std::uint32_t since, KeyFilePlan& plan) const;
  absl::Status PlanCorrection(KeyFilePlan& plan) const;

 private:
  absl::StatusOr<storage::NumberSet> Renumbered(const records::KeyFileRecord& earlier,
                                                const storage::NumberSet& shared) const;
  absl::Status GoOnFrom(const records::KeyFileRecord& earlier, KeyFilePlan& plan) const;
  absl::StatusOr<storage::RepresentativeTable> RepresentativesOf(const storage::NumberSet& identifiers) const;
  absl::Status FindRepresentatives(KeyFilePlan& plan) const;

  const Core& core_;
  const StateData& state_;
  const Project& project_;
  const KeyFilePlan* planned_;
};

// The rows that an earlier file and this one share, and whose løpenummer is not what the register holds.
absl::StatusOr<storage::NumberSet> Planner::Renumbered(const records::KeyFileRecord& earlier,
                                                       const storage::NumberSet& shared) const {
  if (planned_ != nullptr) {
    return planned_->content.rows & planned_->content.withdrawn;
  }
  const std::vector<records::KeyFileRecord> chain = ChainOf(project_.rows, earlier);
  KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet candidates,
                           PerhapsRenumbered(core_, project_.rows, chain.front(), shared));
  KOBLING_ASSIGN_OR_RETURN(const ToldNumbers told, ToldNumbers::Read(core_, project_.rows, chain, candidates));
  KOBLING_ASSIGN_OR_RETURN(const storage::RepresentativeTable now, RepresentativesOf(told.identifiers()));
  storage::NumberSet renumbered;
  for (const std::uint32_t identifier : told.identifiers()) {
    if (told.Last(identifier) != now.Of(identifier)) {
      renumbered.add(identifier);
    }
  }
  return renumbered;
}

// Turns the plan of a full file into one that goes on from an earlier file.
absl::Status Planner::GoOnFrom(const records::KeyFileRecord& earlier, KeyFilePlan& plan) const {
  const domain::Detail which(DetailKey::kKeyFile, std::uint64_t{earlier.number()});
  if (earlier.withdrawn()) {
    return MakeError(Reason::kKeyFileWithdrawn,
                     {which, {DetailKey::kHint, "a delta goes on from a file that stands; issue a full one"}});
  }
  if (const records::KeyFileRecord* const correction = CorrectionSince(project_.rows, earlier); correction != nullptr) {
    return MakeError(Reason::kKeyFileOutdated,
                     {{DetailKey::kRegister, earlier.register_id()},
                      which,
                      {DetailKey::kHint, "key file " + std::to_string(correction->number()) +
                                             " has corrected it; go on from that one, or issue a full one"}});
  }
  // So every file that it goes on from was fetched as well.
  if (!earlier.has_first_fetched()) {
    return MakeError(Reason::kKeyFileNotFetched, {{DetailKey::kRegister, earlier.register_id()}, which});
  }
  KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet before, core_.sets.Get(CoveredSetOf(earlier)));
  KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet renumbered, Renumbered(earlier, before & plan.covered));
  KeyFileContent& content = plan.content;
  content.kind = records::KEY_FILE_KIND_RECORD_DELTA;
  plan.since = earlier.number();
  plan.duplicates = 0;
  // A changed løpenummer is a row that holds no more and a row that is new.
  content.withdrawn = (before - plan.covered) | renumbered;
  content.rows = (plan.covered - before) | renumbered;
  if (content.rows.isEmpty() && content.withdrawn.isEmpty()) {
    return MakeError(Reason::kNothingToIssue, {{DetailKey::kRegister, plan.source.register_id()},
                                               which,
                                               {DetailKey::kHint, "nothing has changed since that key file"}});
  }
  if (planned_ != nullptr) {
    content.held = planned_->content.held;
    return planned_->content.withdrawn == content.withdrawn ? absl::OkStatus() : Overtaken(plan.project);
  }
  KOBLING_ASSIGN_OR_RETURN(const ToldNumbers told,
                           ToldNumbers::Read(core_, project_.rows, ChainOf(project_.rows, earlier), content.withdrawn));
  content.held = LastTold(told, content.withdrawn);
  return absl::OkStatus();
}

absl::StatusOr<storage::RepresentativeTable> Planner::RepresentativesOf(const storage::NumberSet& identifiers) const {
  return planned_ != nullptr ? planned_->content.representatives
                             : RepresentativesNow(core_, project_.rows, identifiers);
}

// The løpenumre of the rows, and of everybody else in the project, which must differ from them.
absl::Status Planner::FindRepresentatives(KeyFilePlan& plan) const {
  const storage::NumberSet everybody = EverybodyIn(project_);
  KOBLING_ASSIGN_OR_RETURN(plan.content.representatives,
                           RepresentativesOf(everybody | plan.covered | plan.content.rows));
  plan.everybody = plan.content.representatives.AllOf(everybody) | plan.content.Representatives();
  return absl::OkStatus();
}

// The rows of the register, by the scope of its source.
absl::Status Planner::PlanRows(std::uint32_t since, KeyFilePlan& plan) const {
  const std::string& register_id = plan.source.register_id();
  KOBLING_ASSIGN_OR_RETURN(SourceRows rows, RowsOf(core_, {state_, project_, plan.source}));
  plan.content.rows = std::move(rows.rows.identifiers);
  plan.covered = plan.content.rows;
  plan.reserved = rows.rows.reserved;
  plan.annulled = rows.annulled;
  plan.reservation_lists = std::move(rows.rows.lists);
  plan.duplicates = rows.duplicates;
  if (since != 0) {
    KOBLING_ASSIGN_OR_RETURN(const records::KeyFileRecord earlier, FindKeyFile(project_, register_id, since));
    KOBLING_RETURN_IF_ERROR(GoOnFrom(earlier, plan));
  } else if (plan.content.rows.isEmpty()) {
    return MakeError(Reason::kNothingToIssue, {{DetailKey::kRegister, register_id}});
  }
  plan.current = plan.content.rows - EverybodyIn(project_);
  return FindRepresentatives(plan);
}

// What the register was told otherwise than it is now, as far as it was confirmed.
absl::Status Planner::PlanCorrection(KeyFilePlan& plan) const {
  const std::string& register_id = plan.source.register_id();
  const std::vector<records::KeyFileRecord> fetched = FetchedBy(project_.rows, register_id);
  for (const records::KeyFileRecord& key_file : fetched) {
    plan.told_by.push_back(key_file.number());
    plan.since = key_file.withdrawn() ? plan.since : key_file.number();
  }
  // Every file may have been withdrawn after it was fetched; what was delivered with it is to be corrected all the
  // same.
  plan.since = plan.since == 0 && !fetched.empty() ? fetched.back().number() : plan.since;
  plan.content.kind = records::KEY_FILE_KIND_RECORD_CORRECTION;
  if (planned_ != nullptr) {
    plan.content = planned_->content;
    plan.covered = planned_->covered;
    KOBLING_RETURN_IF_ERROR(FindRepresentatives(plan));
    return planned_->told_by == plan.told_by ? absl::OkStatus() : Overtaken(plan.project);
  }
  KOBLING_ASSIGN_OR_RETURN(const storage::NumberSet confirmed, ConfirmedConcerned(core_, project_.rows));
  KOBLING_ASSIGN_OR_RETURN(const ToldNumbers told, ToldNumbers::Read(core_, project_.rows, fetched, confirmed));
  plan.covered = told.identifiers();
  KOBLING_RETURN_IF_ERROR(FindRepresentatives(plan));
  std::vector<ToldOtherwise> changes;
  for (const std::uint32_t identifier : told.identifiers()) {
    const std::uint32_t now = plan.content.representatives.Of(identifier);
    const std::uint32_t before = told.ToCorrect(identifier, now);
    if (before != now) {
      changes.push_back({identifier, before, now});
      plan.content.rows.add(identifier);
    }
  }
  if (changes.empty()) {
    const bool is_proposed = std::any_of(
        project_.rows.corrections.begin(), project_.rows.corrections.end(),
        [](const auto& correction) { return correction.state() == records::CORRECTION_STATE_RECORD_PROPOSED; });
    std::vector<domain::Detail> details = {{DetailKey::kRegister, register_id}};
    if (is_proposed) {
      details.emplace_back(DetailKey::kHint,
                           "a correction is proposed, and another key officer has to confirm it first");
    }
    return MakeError(Reason::kNothingToCorrect, std::move(details));
  }
  KOBLING_ASSIGN_OR_RETURN(plan.content.corrected,
                           ExplainCorrection(core_, plan.content.representatives.map_version(), changes));
  plan.everybody |= plan.content.Representatives();
  KOBLING_ASSIGN_OR_RETURN(const records::KeyFileRecord newest, FindKeyFile(project_, register_id, plan.since));
  KOBLING_ASSIGN_OR_RETURN(plan.covered, core_.sets.Get(CoveredSetOf(newest)));
  return absl::OkStatus();
}

// Numbers the file, and finds one that stands with the same content.
absl::Status PlaceInSeries(const Project& project, const std::string& today, KeyFilePlan& plan) {
  for (const records::KeyFileRecord& key_file : project.rows.key_files) {
    if (key_file.register_id() != plan.source.register_id()) {
      continue;
    }
    if (IsSameFile(key_file, plan) && key_file.expiry_date() >= today) {
      return MakeError(Reason::kKeyFileStands, {{DetailKey::kRegister, plan.source.register_id()},
                                                {DetailKey::kKeyFile, std::uint64_t{key_file.number()}}});
    }
    plan.number = key_file.number() + 1;
    plan.previous_sha256 = key_file.sealed_sha256();
  }
  return absl::OkStatus();
}

// A correction speaks of what the register was told. A file that it could still fetch would be told afterwards.
absl::Status CheckNothingToFetch(const Project& project, const std::string& register_id, const std::string& today) {
  for (const records::KeyFileRecord& key_file : project.rows.key_files) {
    if (key_file.register_id() == register_id && !key_file.has_first_fetched() && !key_file.withdrawn() &&
        !key_file.expired() && key_file.expiry_date() >= today) {
      return MakeError(Reason::kKeyFileOutdated,
                       {{DetailKey::kRegister, register_id},
                        {DetailKey::kKeyFile, std::uint64_t{key_file.number()}},
                        {DetailKey::kHint, "the register has not fetched it: let it do so, or withdraw it, first"}});
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<StateData> CopyFor(const Core& core, const Call& call, const api::IssueKeyFileRequest& request) {
  const State::View state = core.state.Read();
  KOBLING_ASSIGN_OR_RETURN(const Project* const project, VisibleProject(*state, call.caller, request.project_id()));
  StateData copy = CopyOfProject(*state, *project);
  const records::SourceRecord* const source = FindSource(project->rows.project.project_case(), request.register_id());
  if (source != nullptr && source->scope() == records::SCOPE_RECORD_INTERSECTION) {
    // A match may be as of any earlier version of the lists.
    for (auto& [id, list] : copy.reservations) {
      list = state->reservations.at(id);
    }
  }
  return copy;
}

absl::StatusOr<KeyFilePlan> MakePlan(const Core& core, const Call& call, const api::IssueKeyFileRequest& request,
                                     const KeyFilePlan* planned) {
  KeyFilePlan plan;
  plan.map_version = core.identities.version();
  KOBLING_ASSIGN_OR_RETURN(const StateData state, CopyFor(core, call, request));
  const Project* const project = FindProject(state, request.project_id());
  KOBLING_ASSIGN_OR_RETURN(const records::SourceRecord* const source, SourceOf(*project, request.register_id()));
  if (request.correction() && request.since() != 0) {
    return MakeError(
        Reason::kFieldMalformed,
        {{DetailKey::kField, "since"}, {DetailKey::kHint, "a correction finds by itself what it goes on from"}});
  }
  const std::string today = DateText(DayOf(core.clock.Now()));
  KOBLING_RETURN_IF_ERROR(CheckRunning(project->rows.project, today));
  KOBLING_RETURN_IF_ERROR(
      CheckLawful(*source, state.registers.at(source->register_id()), core.config.case_rules, today));
  KOBLING_RETURN_IF_ERROR(CheckPopulationComplete(project->rows.project));
  KOBLING_ASSIGN_OR_RETURN(plan.recipient, UsableRecipientKey(state, source->register_id(), today));
  plan.project = project->rows.project;
  plan.source = *source;
  plan.corrections = CountConfirmed(*project);
  const Planner planner(core, state, *project, planned);
  if (!planner.StillHolds()) {
    return Overtaken(plan.project);
  }
  KOBLING_RETURN_IF_ERROR(request.correction() ? planner.PlanCorrection(plan)
                                               : planner.PlanRows(request.since(), plan));
  for (storage::NumberSet* set :
       {&plan.content.rows, &plan.content.withdrawn, &plan.covered, &plan.everybody, &plan.current}) {
    set->runOptimize();
  }
  plan.rows_id = core.sets.NameOf(plan.content.rows);
  plan.withdrawn_id = core.sets.NameOf(plan.content.withdrawn);
  plan.everybody_id = core.sets.NameOf(plan.everybody);
  plan.representatives_digest = RepresentativesDigest(core, plan.content);
  KOBLING_RETURN_IF_ERROR(PlaceInSeries(*project, today, plan));
  if (request.correction()) {
    KOBLING_RETURN_IF_ERROR(CheckNothingToFetch(*project, request.register_id(), today));
  }
  return plan;
}

}  // namespace

absl::StatusOr<records::KeyFileRecord> FindKeyFile(const Project& project, std::string_view register_id,
                                                   std::uint32_t number) {
  const auto& key_files = project.rows.key_files;
  const auto found = std::find_if(key_files.begin(), key_files.end(), [&](const records::KeyFileRecord& key_file) {
    return key_file.register_id() == register_id && key_file.number() == number;
  });
  if (found == key_files.end()) {
    return MakeError(Reason::kKeyFileNotFound,
                     {{DetailKey::kRegister, register_id}, {DetailKey::kKeyFile, std::uint64_t{number}}});
  }
  return *found;
}

absl::StatusOr<KeyFilePlan> PlanKeyFile(const Core& core, const Call& call, const api::IssueKeyFileRequest& request) {
  return MakePlan(core, call, request, nullptr);
}

absl::StatusOr<KeyFilePlan> PlanAgain(const Core& core, const Call& call, const api::IssueKeyFileRequest& request,
                                      const KeyFilePlan& planned, IdentitiesOf identities) {
  KOBLING_ASSIGN_OR_RETURN(KeyFilePlan now,
                           MakePlan(core, call, request, identities == IdentitiesOf::kThePlan ? &planned : nullptr));
  if (now.rows_id == planned.rows_id && now.withdrawn_id == planned.withdrawn_id && now.covered == planned.covered &&
      now.representatives_digest == planned.representatives_digest &&
      now.content.corrected == planned.content.corrected && now.told_by == planned.told_by &&
      now.number == planned.number && now.since == planned.since &&
      now.recipient.number() == planned.recipient.number() &&
      now.project.key_version() == planned.project.key_version() && now.source.scope() == planned.source.scope()) {
    return now;
  }
  return Overtaken(planned.project);
}

}  // namespace kobling::server
