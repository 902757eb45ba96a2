// Registers, and the public keys that their key files are sealed to.
#pragma once

#include "absl/status/statusor.h"
#include "kobling/v1/register_service.pb.h"
#include "server/core/core.h"

namespace kobling::server {

namespace api = ::kobling::v1;

// The methods of kobling.v1.RegisterService; proto/kobling/v1/register_service.proto says what each means.
class Registers {
 public:
  explicit Registers(const Core& core) : core_(core) {}

  absl::StatusOr<api::Register> Add(const Call& call, const api::AddRegisterRequest& request) const;
  absl::StatusOr<api::Register> Update(const Call& call, const api::UpdateRegisterRequest& request) const;
  absl::StatusOr<api::Register> Get(const Call& call, const api::GetRegisterRequest& request) const;
  absl::StatusOr<api::ListRegistersResponse> List(const Call& call, const api::ListRegistersRequest& request) const;
  absl::StatusOr<api::RecipientKey> SubmitKey(const Call& call, const api::SubmitRecipientKeyRequest& request) const;
  absl::StatusOr<api::ListRecipientKeysResponse> ListKeys(const Call& call,
                                                          const api::ListRecipientKeysRequest& request) const;
  absl::StatusOr<api::RecipientKey> ApproveKey(const Call& call, const api::ApproveRecipientKeyRequest& request) const;
  absl::StatusOr<api::RecipientKey> RevokeKey(const Call& call, const api::RevokeRecipientKeyRequest& request) const;

 private:
  const Core& core_;
};

// The key that key files for the register are sealed to on that day. Fails with RECIPIENT_KEY_MISSING or
// RECIPIENT_KEY_EXPIRED.
absl::StatusOr<records::RecipientKeyRecord> UsableRecipientKey(const StateData& state, std::string_view register_id,
                                                               std::string_view today);

}  // namespace kobling::server
