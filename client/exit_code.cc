#include "client/exit_code.h"

#include "client/server_answer.h"
#include "domain/error.h"

namespace kobling::client {

using domain::Reason;

ExitCode ExitCodeOf(const absl::Status& status) {
  if (status.ok()) {
    return ExitCode::kOk;
  }
  const auto reason = domain::ReasonOf(status).value_or(Reason::kInternal);
  if (!IsFromServer(status)) {
    const bool is_about_the_server = reason == Reason::kServerUnreachable || reason == Reason::kServerCertificate ||
                                     reason == Reason::kDeadline || reason == Reason::kInternal;
    // What the service has published is not to be trusted: no fault of the caller's files.
    const bool is_about_the_log =
        reason == Reason::kLogMalformed || reason == Reason::kLogSignature || reason == Reason::kLogInconsistent;
    return is_about_the_server || is_about_the_log ? ExitCode::kRefused : ExitCode::kUsageOrFile;
  }
  switch (domain::InfoOf(reason).code) {
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return ExitCode::kNotPermitted;
    case absl::StatusCode::kNotFound:
      return ExitCode::kNotFound;
    default:
      return ExitCode::kRefused;
  }
}

void PrintError(std::ostream& out, const absl::Status& status) {
  const domain::ReasonInfo& info = domain::InfoOf(domain::ReasonOf(status).value_or(Reason::kInternal));
  out << "error: " << info.what << " [" << info.name << "]\n";
  if (const std::string where = domain::WhereOf(status); !where.empty()) {
    out << "  where: " << where << '\n';
  }
  out << "  do: " << info.remedy << '\n';
}

}  // namespace kobling::client
