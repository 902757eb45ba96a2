#include "server/use_cases/registers.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "crypto/age_key.h"
#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/core/access.h"
#include "server/core/convert.h"
#include "server/core/dates.h"
#include "server/core/project_case.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::size_t kShortText = 400;
constexpr int kMaxKeysPerRegister = 1000;

// "one of: dodsarsaksregisteret, ...".
std::string KindsOf(const CaseRules& rules) {
  std::string list = "one of:";
  for (const SourceKind& kind : rules.kinds) {
    list += ' ' + kind.id;
  }
  return list;
}

absl::Status CheckDescription(const api::Register& description, const CaseRules& rules) {
  KOBLING_RETURN_IF_ERROR(CheckText("name", description.name(), kShortText));
  KOBLING_RETURN_IF_ERROR(CheckText("controller", description.controller(), kShortText));
  KOBLING_RETURN_IF_ERROR(CheckText("contact", description.contact(), kShortText));
  KOBLING_RETURN_IF_ERROR(CheckText("inclusion_reference", description.inclusion_reference(), kShortText));
  if (!description.kind().empty() && rules.FindKind(description.kind()) == nullptr) {
    return MakeError(Reason::kFieldMalformed,
                     {{DetailKey::kField, "kind"},
                      {DetailKey::kHint, "the id of a kind of source in the server's case rules; " + KindsOf(rules)}});
  }
  return CheckDate("inclusion_date", description.inclusion_date());
}

// A copy of the register's record.
absl::StatusOr<records::RegisterRecord> FindRegister(const Core& core, std::string_view register_id) {
  const State::View state = core.state.Read();
  const auto found = state->registers.find(std::string(register_id));
  if (found == state->registers.end()) {
    return MakeError(Reason::kRegisterNotFound, {{DetailKey::kRegister, register_id}});
  }
  return found->second;
}

absl::StatusOr<records::RecipientKeyRecord*> FindKey(records::RegisterRecord& record, std::uint32_t number) {
  for (records::RecipientKeyRecord& key : *record.mutable_keys()) {
    if (key.number() == number) {
      return &key;
    }
  }
  return MakeError(Reason::kRecipientKeyNotFound,
                   {{DetailKey::kRegister, record.id()}, {DetailKey::kPosition, number}});
}

std::string_view StateName(records::RecipientKeyStateRecord state) {
  constexpr std::string_view kPrefix = "RECIPIENT_KEY_STATE_RECORD_";
  return std::string_view(records::RecipientKeyStateRecord_Name(state)).substr(kPrefix.size());
}

std::string KeyObject(std::uint32_t number) { return "recipient-key " + std::to_string(number); }

}  // namespace

absl::StatusOr<api::Register> Registers::Add(const Call& call, const api::AddRegisterRequest& request) const {
  return ChangeOnce<api::Register>(core_, call, request, [&](Change& change) -> absl::StatusOr<api::Register> {
    const api::Register& wanted = request.register_();
    KOBLING_ASSIGN_OR_RETURN(const domain::RegisterId id, domain::RegisterId::Parse(wanted.id()));
    KOBLING_RETURN_IF_ERROR(CheckRequiredText("name", wanted.name(), kShortText));
    KOBLING_RETURN_IF_ERROR(CheckRequiredText("controller", wanted.controller(), kShortText));
    KOBLING_RETURN_IF_ERROR(CheckDescription(wanted, core_.config.case_rules));
    if (core_.state.Read()->registers.contains(id.text())) {
      return MakeError(Reason::kRegisterExists, {{DetailKey::kRegister, id.text()}});
    }
    records::RegisterRecord record;
    record.set_id(id.text());
    record.set_name(wanted.name());
    record.set_controller(wanted.controller());
    record.set_contact(wanted.contact());
    record.set_inclusion_reference(wanted.inclusion_reference());
    record.set_inclusion_date(wanted.inclusion_date());
    record.set_kind(wanted.kind());
    *record.mutable_created() = MakeMark(core_, call);
    change.Put(record);
    change.event.register_id = record.id();
    change.event.changes = {{"name", "", record.name()},
                            {"controller", "", record.controller()},
                            {"kind", "", record.kind()},
                            {"inclusion_date", "", record.inclusion_date()}};
    return ToApi(record);
  });
}

absl::StatusOr<api::Register> Registers::Update(const Call& call, const api::UpdateRegisterRequest& request) const {
  return ChangeOnce<api::Register>(core_, call, request, [&](Change& change) -> absl::StatusOr<api::Register> {
    const api::Register& wanted = request.register_();
    KOBLING_ASSIGN_OR_RETURN(records::RegisterRecord record, FindRegister(core_, wanted.id()));
    KOBLING_RETURN_IF_ERROR(CheckDescription(wanted, core_.config.case_rules));
    const auto replace = [&](std::string_view field, const std::string& value, std::string* target) {
      if (!value.empty() && value != *target) {
        change.event.changes.push_back({std::string(field), *target, value});
        *target = value;
      }
    };
    replace("name", wanted.name(), record.mutable_name());
    replace("controller", wanted.controller(), record.mutable_controller());
    replace("contact", wanted.contact(), record.mutable_contact());
    replace("inclusion_reference", wanted.inclusion_reference(), record.mutable_inclusion_reference());
    replace("inclusion_date", wanted.inclusion_date(), record.mutable_inclusion_date());
    replace("kind", wanted.kind(), record.mutable_kind());
    *record.mutable_updated() = MakeMark(core_, call);
    change.Put(record);
    change.event.register_id = record.id();
    return ToApi(record);
  });
}

absl::StatusOr<api::Register> Registers::Get(const Call& /*call*/, const api::GetRegisterRequest& request) const {
  KOBLING_ASSIGN_OR_RETURN(const records::RegisterRecord record, FindRegister(core_, request.register_id()));
  return ToApi(record);
}

absl::StatusOr<api::ListRegistersResponse> Registers::List(const Call& /*call*/,
                                                           const api::ListRegistersRequest& /*request*/) const {
  api::ListRegistersResponse response;
  const State::View state = core_.state.Read();
  for (const auto& [id, record] : state->registers) {
    *response.add_registers() = ToApi(record);
  }
  return response;
}

absl::StatusOr<api::RecipientKey> Registers::SubmitKey(const Call& call,
                                                       const api::SubmitRecipientKeyRequest& request) const {
  return ChangeOnce<api::RecipientKey>(core_, call, request, [&](Change& change) -> absl::StatusOr<api::RecipientKey> {
    KOBLING_ASSIGN_OR_RETURN(const crypto::AgeRecipient recipient, crypto::AgeRecipient::Parse(request.recipient()));
    KOBLING_ASSIGN_OR_RETURN(records::RegisterRecord record, FindRegister(core_, call.caller.id.text()));
    if (record.keys_size() >= kMaxKeysPerRegister) {
      return MakeError(Reason::kFieldTooLong, {{DetailKey::kLimit, kMaxKeysPerRegister}});
    }
    for (const records::RecipientKeyRecord& key : record.keys()) {
      if (key.recipient() == recipient.text()) {
        return MakeError(Reason::kRecipientKeyState,
                         {{DetailKey::kPosition, key.number()}, {DetailKey::kState, StateName(key.state())}});
      }
    }
    records::RecipientKeyRecord& key = *record.add_keys();
    key.set_number(static_cast<std::uint32_t>(record.keys_size()));
    key.set_recipient(recipient.text());
    key.set_fingerprint(recipient.Fingerprint());
    key.set_state(records::RECIPIENT_KEY_STATE_RECORD_SUBMITTED);
    *key.mutable_submitted() = MakeMark(core_, call);
    change.event.register_id = record.id();
    change.event.object = KeyObject(key.number());
    change.event.changes = {{"fingerprint", "", key.fingerprint()}};
    change.Put(record);
    return ToApi(key, record.id());
  });
}

absl::StatusOr<api::ListRecipientKeysResponse> Registers::ListKeys(const Call& call,
                                                                   const api::ListRecipientKeysRequest& request) const {
  KOBLING_ASSIGN_OR_RETURN(const std::string wanted, WantedRegister(call.caller, request.register_id()));
  api::ListRecipientKeysResponse response;
  const State::View state = core_.state.Read();
  for (const auto& [id, record] : state->registers) {
    if (wanted.empty() || wanted == id) {
      for (auto key = record.keys().rbegin(); key != record.keys().rend(); ++key) {
        *response.add_keys() = ToApi(*key, id);
      }
    }
  }
  return response;
}

absl::StatusOr<api::RecipientKey> Registers::ApproveKey(const Call& call,
                                                        const api::ApproveRecipientKeyRequest& request) const {
  return ChangeOnce<api::RecipientKey>(core_, call, request, [&](Change& change) -> absl::StatusOr<api::RecipientKey> {
    KOBLING_ASSIGN_OR_RETURN(records::RegisterRecord record, FindRegister(core_, request.register_id()));
    KOBLING_ASSIGN_OR_RETURN(records::RecipientKeyRecord* const key, FindKey(record, request.number()));
    if (key->fingerprint() != request.fingerprint()) {
      return MakeError(Reason::kFingerprintMismatch, {{DetailKey::kRegister, record.id()}});
    }
    if (key->state() != records::RECIPIENT_KEY_STATE_RECORD_SUBMITTED) {
      return MakeError(Reason::kRecipientKeyState, {{DetailKey::kState, StateName(key->state())}});
    }
    for (records::RecipientKeyRecord& other : *record.mutable_keys()) {
      if (other.state() == records::RECIPIENT_KEY_STATE_RECORD_APPROVED) {
        other.set_state(records::RECIPIENT_KEY_STATE_RECORD_REPLACED);
      }
    }
    key->set_state(records::RECIPIENT_KEY_STATE_RECORD_APPROVED);
    *key->mutable_approved() = MakeMark(core_, call);
    key->set_expiry_date(DateText(DayOf(core_.clock.Now()) + core_.config.recipient_key_validity_days));
    change.event.register_id = record.id();
    change.event.object = KeyObject(key->number());
    change.event.changes = {{"fingerprint", "", key->fingerprint()}, {"expiry_date", "", key->expiry_date()}};
    change.Put(record);
    return ToApi(*key, record.id());
  });
}

absl::StatusOr<api::RecipientKey> Registers::RevokeKey(const Call& call,
                                                       const api::RevokeRecipientKeyRequest& request) const {
  return ChangeOnce<api::RecipientKey>(core_, call, request, [&](Change& change) -> absl::StatusOr<api::RecipientKey> {
    KOBLING_RETURN_IF_ERROR(CheckRequiredText("reason", request.reason()));
    KOBLING_ASSIGN_OR_RETURN(records::RegisterRecord record, FindRegister(core_, request.register_id()));
    KOBLING_ASSIGN_OR_RETURN(records::RecipientKeyRecord* const key, FindKey(record, request.number()));
    if (key->state() == records::RECIPIENT_KEY_STATE_RECORD_REVOKED) {
      return MakeError(Reason::kRecipientKeyState, {{DetailKey::kState, StateName(key->state())}});
    }
    change.event.changes = {{"state", std::string(StateName(key->state())), "REVOKED"}};
    key->set_state(records::RECIPIENT_KEY_STATE_RECORD_REVOKED);
    *key->mutable_revoked() = MakeMark(core_, call, request.reason());
    change.event.register_id = record.id();
    change.event.object = KeyObject(key->number());
    change.event.reason = request.reason();
    change.Put(record);
    return ToApi(*key, record.id());
  });
}

absl::StatusOr<records::RecipientKeyRecord> UsableRecipientKey(const StateData& state, std::string_view register_id,
                                                               std::string_view today) {
  const auto found = state.registers.find(std::string(register_id));
  if (found != state.registers.end()) {
    for (const records::RecipientKeyRecord& key : found->second.keys()) {
      if (key.state() == records::RECIPIENT_KEY_STATE_RECORD_APPROVED) {
        if (key.expiry_date() <= today) {
          return MakeError(Reason::kRecipientKeyExpired, {{DetailKey::kRegister, register_id}});
        }
        return key;
      }
    }
  }
  return MakeError(Reason::kRecipientKeyMissing, {{DetailKey::kRegister, register_id}});
}

}  // namespace kobling::server
