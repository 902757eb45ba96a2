#include "server/core/core.h"

#include <optional>
#include <span>
#include <utility>

#include "storage/project_store.h"

namespace kobling::server {

records::MarkRecord MakeMark(const Core& core, const Call& call, std::string_view reason) {
  records::MarkRecord mark;
  mark.set_actor(call.caller.id.text());
  mark.set_time_us(absl::ToUnixMicros(core.clock.Now()));
  mark.set_reason(std::string(reason));
  return mark;
}

transparency::Event MakeEvent(const Call& call) {
  transparency::Event event;
  event.actor = call.caller.id.text();
  event.role = std::string(domain::NameOf(call.caller.role));
  event.operation = std::string(call.method->operation);
  return event;
}

absl::Status CheckRequestId(std::string_view request_id) {
  if (!domain::RequestId::Parse(request_id).ok()) {
    return domain::MakeError(domain::Reason::kRequestIdMalformed);
  }
  return absl::OkStatus();
}

const storage::IdentityMap* RequiredCatalogue(const Core& core) {
  return core.config.catalogue == CatalogueMode::kRequired ? &core.identities : nullptr;
}

absl::Status NothingToChange() { return absl::AlreadyExistsError("answered before"); }

std::string RequestDigest(const Core& core, const Call& call, std::string_view request_bytes) {
  auto stream = core.keys.digest.Start("request");
  const auto update = [&](std::string_view bytes) {
    stream.Update(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
  };
  update(call.method->method);
  update(std::string_view("\0", 1));
  update(request_bytes);
  const crypto::Digest digest = stream.Finish();
  return std::string(digest.begin(), digest.end());
}

absl::StatusOr<std::optional<std::string>> EarlierAnswer(const Core& core, const Call& call,
                                                         std::string_view request_id, std::string_view digest) {
  KOBLING_ASSIGN_OR_RETURN(auto record, storage::RequestLedger::Get(core.store, call.caller.id.text(), request_id));
  if (!record.has_value()) {
    return std::nullopt;
  }
  if (record->request_digest() != digest) {
    return domain::MakeError(domain::Reason::kRequestIdReused, {{domain::DetailKey::kRequestId, request_id}});
  }
  return std::move(*record->mutable_response());
}

void RememberAnswer(const Core& core, const Call& call, std::string_view request_id, std::string_view digest,
                    std::string answer, Change& change) {
  records::LedgerRecord record;
  record.set_method(std::string(call.method->method));
  record.set_request_digest(std::string(digest));
  record.set_response(std::move(answer));
  record.set_time_us(absl::ToUnixMicros(core.clock.Now()));
  storage::RequestLedger::Put(call.caller.id.text(), request_id, record, change.batch);
}

}  // namespace kobling::server
