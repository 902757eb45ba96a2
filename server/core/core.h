// What all use cases share, and the two ways in which they act: a change with a request id, and an event on its own.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "domain/clock.h"
#include "domain/error.h"
#include "domain/method_policy.h"
#include "domain/status_macros.h"
#include "server/access/caller.h"
#include "server/core/committer.h"
#include "server/core/service_keys.h"
#include "server/core/state.h"
#include "server/runtime/config.h"
#include "storage/directory.h"
#include "storage/identity_log.h"
#include "storage/identity_map.h"
#include "storage/set_store.h"

namespace kobling::server {

class LogPublisher;

// Who calls what. Made by the pipeline after the policy table let the call through.
struct Call {
  Caller caller;
  const domain::MethodPolicy* method;
};

// The parts that use cases work with. Owned by the application, which outlives all calls.
struct Core {
  const ServerConfig& config;
  const domain::Clock& clock;
  storage::KeyValueStore& store;
  const ServiceKeys& keys;
  storage::Directory& directory;
  const storage::SetStore& sets;
  storage::IdentityMap& identities;
  const storage::IdentityLog& identity_log;
  LogPublisher& publisher;
  State& state;
  Committer& committer;
};

// A mark for now.
records::MarkRecord MakeMark(const Core& core, const Call& call, std::string_view reason = {});

// Fills in who does what.
transparency::Event MakeEvent(const Call& call);

// Looks up an earlier answer to the same request. Nothing if the request is new; fails with REQUEST_ID_REUSED if the id
// stands for another request. `digest` is what RequestDigest gives.
absl::StatusOr<std::optional<std::string>> EarlierAnswer(const Core& core, const Call& call,
                                                         std::string_view request_id, std::string_view digest);

// A keyed digest of what was asked, so that the ledger says nothing about it.
std::string RequestDigest(const Core& core, const Call& call, std::string_view request_bytes);

// Adds the answer to the ledger.
void RememberAnswer(const Core& core, const Call& call, std::string_view request_id, std::string_view digest,
                    std::string answer, Change& change);

// Fails with REQUEST_ID_MALFORMED.
absl::Status CheckRequestId(std::string_view request_id);

// The catalogue that identifiers of populations, matches and reservations must be in, or null if any valid number is
// taken for a person.
const storage::IdentityMap* RequiredCatalogue(const Core& core);

// Leaves Committer::Commit without a change; no caller ever sees it.
absl::Status NothingToChange();

// An answer as the ledger holds it. Fails with RECORD_CORRUPT.
template <typename Response>
absl::StatusOr<Response> ParseAnswer(const std::string& bytes) {
  Response response;
  if (!response.ParseFromString(bytes)) {
    return domain::MakeError(domain::Reason::kRecordCorrupt, {{domain::DetailKey::kHint, "the request ledger"}});
  }
  return response;
}

// Makes a change once, however often it is asked for: a request with the id and content of one that was answered gets
// the same answer. `prepare` reads the state, fills in the change and returns the answer; it runs while nothing else
// changes.
template <typename Response, typename Request, typename Prepare>
absl::StatusOr<Response> ChangeOnce(const Core& core, const Call& call, const Request& request,
                                    const Prepare& prepare) {
  KOBLING_RETURN_IF_ERROR(CheckRequestId(request.request_id()));
  const std::string digest = RequestDigest(core, call, request.SerializeAsString());
  Response response;
  // Looked for inside the commit, where no other call with the same id can be under way.
  std::optional<std::string> earlier;
  const absl::Status status = core.committer.Commit([&](Change& change) -> absl::Status {
    KOBLING_ASSIGN_OR_RETURN(earlier, EarlierAnswer(core, call, request.request_id(), digest));
    if (earlier.has_value()) {
      return NothingToChange();
    }
    change.event = MakeEvent(call);
    change.event.request_id = request.request_id();
    KOBLING_ASSIGN_OR_RETURN(response, prepare(change));
    RememberAnswer(core, call, request.request_id(), digest, response.SerializeAsString(), change);
    return absl::OkStatus();
  });
  if (earlier.has_value()) {
    return ParseAnswer<Response>(*earlier);
  }
  if (!status.ok()) {
    return status;
  }
  return response;
}

}  // namespace kobling::server
