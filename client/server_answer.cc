#include "client/server_answer.h"

#include "absl/strings/cord.h"
#include "domain/error.h"
#include "domain/text.h"

namespace kobling::client {
namespace {

constexpr std::string_view kPayload = "kobling/from-server";

}  // namespace

absl::Status MarkFromServer(absl::Status status) {
  if (!status.ok()) {
    status.SetPayload(domain::ToAbsl(kPayload), absl::Cord("1"));
  }
  return status;
}

bool IsFromServer(const absl::Status& status) { return status.GetPayload(domain::ToAbsl(kPayload)).has_value(); }

bool IsDecided(const absl::Status& status) {
  if (status.ok()) {
    return true;
  }
  const auto reason = domain::ReasonOf(status);
  // After INTERNAL the server itself does not know.
  return IsFromServer(status) && reason && *reason != domain::Reason::kInternal &&
         domain::InfoOf(*reason).retry == domain::Retry::kNever;
}

bool MayHelpToSendAgain(const absl::Status& status) {
  const auto reason = domain::ReasonOf(status);
  return reason && domain::InfoOf(*reason).retry == domain::Retry::kSameRequest;
}

}  // namespace kobling::client
