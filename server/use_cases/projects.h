// The life of a project: who writes it, who activates it, how it changes and how it ends.
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "kobling/v1/project_service.pb.h"
#include "server/core/core.h"
#include "server/core/key_file_folder.h"

namespace kobling::server {

namespace api = ::kobling::v1;

// The methods of kobling.v1.ProjectService; proto/kobling/v1/project_service.proto says what each means.
class Projects {
 public:
  Projects(const Core& core, const KeyFileFolder& key_files) : core_(core), key_files_(key_files) {}

  absl::StatusOr<api::Project> Create(const Call& call, const api::CreateProjectRequest& request) const;
  absl::StatusOr<api::Project> Get(const Call& call, const api::GetProjectRequest& request) const;
  absl::StatusOr<api::ListProjectsResponse> List(const Call& call, const api::ListProjectsRequest& request) const;
  absl::StatusOr<api::Project> Update(const Call& call, const api::UpdateProjectRequest& request) const;
  absl::StatusOr<api::Project> AddSource(const Call& call, const api::AddSourceRequest& request) const;
  absl::StatusOr<api::Project> WithdrawSource(const Call& call, const api::WithdrawSourceRequest& request) const;
  absl::StatusOr<api::Project> MeetCondition(const Call& call, const api::MeetConditionRequest& request) const;
  absl::StatusOr<api::Project> PostponeDelivery(const Call& call, const api::PostponeDeliveryRequest& request) const;
  absl::StatusOr<api::Project> MarkReady(const Call& call, const api::MarkReadyRequest& request) const;
  absl::StatusOr<api::Project> Cancel(const Call& call, const api::CancelProjectRequest& request) const;
  absl::StatusOr<api::Project> Activate(const Call& call, const api::ActivateProjectRequest& request) const;
  absl::StatusOr<api::Project> ConfirmRevision(const Call& call, const api::ConfirmRevisionRequest& request) const;
  absl::StatusOr<api::Project> RejectRevision(const Call& call, const api::RejectRevisionRequest& request) const;
  absl::StatusOr<api::Project> ReopenSource(const Call& call, const api::ReopenSourceRequest& request) const;
  absl::StatusOr<api::Project> Close(const Call& call, const api::CloseProjectRequest& request) const;
  absl::StatusOr<api::Project> DestroyKey(const Call& call, const api::DestroyProjectKeyRequest& request) const;
  absl::StatusOr<api::Project> WaiveUsage(const Call& call, const api::WaiveUsageRequest& request) const;
  absl::StatusOr<api::GetProjectHistoryResponse> History(const Call& call,
                                                         const api::GetProjectHistoryRequest& request) const;

  // The project as the caller may see it now, for answers that hold more than it.
  api::Project Show(const Call& call, const StateData& state, const Project& project) const;

  // Adds what reservations do to the project from now on. `copy` is what CopyOfProject gives; reads sets, so that
  // it is to be called without a view of the state.
  absl::Status AddLaterReservations(const StateData& copy, api::Project& shown) const;

 private:
  using Edit = std::function<absl::Status(records::ProjectRecord& project, Change& change)>;

  // Why a case is changed, and which decision allows it.
  struct Basis {
    std::string_view reason = {};
    std::string_view decision_reference = {};
    std::string_view decision_date = {};
  };

  // A change of one project's record that staff asked for.
  template <typename Request>
  absl::StatusOr<api::Project> EditProject(const Call& call, const Request& request, const Edit& edit) const {
    return ChangeOnce<api::Project>(
        core_, call, request, [&](Change& change) { return EditInChange(call, request.project_id(), edit, change); });
  }
  absl::StatusOr<api::Project> EditInChange(const Call& call, std::string_view project_id, const Edit& edit,
                                            Change& change) const;

  // Puts a changed case in force, or, in an active project, up for confirmation.
  absl::Status ChangeCase(const Call& call, records::CaseRecord wanted, const Basis& basis,
                          records::ProjectRecord& project, Change& change) const;

  // Fails with FIELD_MALFORMED if fewer persons would be approved than are in the project.
  absl::Status CheckEverybodyFits(std::string_view project_id, const records::CaseRecord& wanted) const;

  // Keeps the case and the state as they are from this change on.
  void AddVersion(const Call& call, const Basis& basis, records::ProjectRecord& project, Change& change) const;

  // The project as the caller may see it, at the end of a day.
  absl::StatusOr<api::Project> ShowAsOf(const Call& call, const StateData& state, const Project& project,
                                        const std::string& day) const;

  // As staff see it.
  api::Project Describe(const StateData& state, const records::ProjectRecord& project, std::uint64_t persons) const;

  // Persons in the project, index persons and relatives together.
  std::uint64_t CountPersons(const Project& project) const;

  const Core& core_;
  const KeyFileFolder& key_files_;
};

}  // namespace kobling::server
