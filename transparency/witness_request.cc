#include "transparency/witness_request.h"

#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::transparency {
namespace {

constexpr std::string_view kOldStart = "old ";
constexpr std::size_t kMostProofLines = 63;

}  // namespace

std::string WitnessRequest::text() const {
  std::string all = std::string(kOldStart) + std::to_string(old_size) + '\n';
  for (const crypto::Digest& hash : proof) {
    all += HashText(hash) + '\n';
  }
  return all + '\n' + checkpoint.bytes();
}

absl::StatusOr<WitnessRequest> WitnessRequest::Parse(std::string_view text) {
  const auto malformed = [] {
    return domain::MakeError(domain::Reason::kLogMalformed, {{domain::DetailKey::kHint, "a request to a witness"}});
  };
  WitnessRequest request;
  bool is_first = true;
  while (true) {
    const std::size_t end = text.find('\n');
    if (text.size() > kMaxWitnessRequestBytes || end == std::string_view::npos) {
      return malformed();
    }
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (is_first) {
      if (!line.starts_with(kOldStart)) {
        return malformed();
      }
      KOBLING_ASSIGN_OR_RETURN(request.old_size, ParseSize(line.substr(kOldStart.size())));
      is_first = false;
    } else if (line.empty()) {
      break;
    } else if (request.proof.size() == kMostProofLines) {
      return malformed();
    } else {
      KOBLING_ASSIGN_OR_RETURN(const crypto::Digest hash, ParseHash(line));
      request.proof.push_back(hash);
    }
  }
  KOBLING_ASSIGN_OR_RETURN(request.checkpoint, Note::Parse(text));
  return request;
}

}  // namespace kobling::transparency
