#include "client/server_answer.h"

#include <string>

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
  // After these the server itself does not know whether the change was stored.
  const bool unknown = reason == domain::Reason::kInternal || reason == domain::Reason::kDiskFull;
  return IsFromServer(status) && reason && !unknown && domain::InfoOf(*reason).retry == domain::Retry::kNever;
}

bool MayHelpToSendAgain(const absl::Status& status) {
  const auto reason = domain::ReasonOf(status);
  return reason && domain::InfoOf(*reason).retry == domain::Retry::kSameRequest;
}

absl::Status WithRequestIdIfInternal(const absl::Status& status, std::string_view request_id) {
  if (domain::ReasonOf(status) != domain::Reason::kInternal) {
    return status;
  }
  const std::string name(domain::NameOf(domain::DetailKey::kRequestId));
  auto details = domain::DetailsOf(status);
  std::erase_if(details, [&](const auto& detail) { return detail.first == name; });
  details.emplace_back(name, request_id);
  const absl::Status told = domain::ErrorFromWire(domain::Reason::kInternal, details);
  return IsFromServer(status) ? MarkFromServer(told) : told;
}

}  // namespace kobling::client
