#include "server/core/witness_client.h"

#include <httplib.h>

#include <chrono>
#include <string_view>
#include <utility>

#include "domain/error.h"
#include "domain/status_macros.h"
#include "transparency/checkpoint.h"
#include "transparency/witness_request.h"

namespace kobling::server {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::time_t kTimeoutSeconds = 5;
// The witness may have signed for another server of the same log between two questions; then it is no race but a fork.
constexpr int kMostQuestions = 2;

absl::Status Refused(std::string_view why) { return MakeError(Reason::kWitnessRefused, {{DetailKey::kHint, why}}); }

absl::Status Unreachable(std::string_view why) {
  return MakeError(Reason::kWitnessUnreachable, {{DetailKey::kField, "witness.url"}, {DetailKey::kHint, why}});
}

void SetTimeouts(httplib::Client& client) {
  client.set_connection_timeout(kTimeoutSeconds);
  client.set_read_timeout(kTimeoutSeconds);
  client.set_write_timeout(kTimeoutSeconds);
  client.set_decompress(false);
}

// The address without its path, and the path.
std::pair<std::string, std::string> Split(const std::string& url) {
  const std::size_t path = url.find('/', url.find("://") + 3);
  if (path == std::string::npos) {
    return {url, ""};
  }
  std::string prefix = url.substr(path);
  while (prefix.ends_with('/')) {
    prefix.pop_back();
  }
  return {url.substr(0, path), prefix};
}

}  // namespace

WitnessClient::WitnessClient(std::string url, transparency::VerifierKey witness, const domain::Clock& clock)
    : url_(std::move(url)), witness_(std::move(witness)), clock_(clock) {}

absl::StatusOr<WitnessClient::Answer> WitnessClient::Post(const std::string& body) const {
  const auto [address, prefix] = Split(url_);
  httplib::Client client(address);
  SetTimeouts(client);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2 * kTimeoutSeconds);
  std::string received;
  httplib::Request request;
  request.method = "POST";
  request.path = prefix + std::string(transparency::kAddCheckpointPath);
  request.body = body;
  request.set_header("Content-Type", "text/plain; charset=utf-8");
  // An answer is a few lines: neither one that does not end nor one that drips is waited for.
  request.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    received.append(data, size);
    return received.size() <= transparency::Note::kMaxBytes && std::chrono::steady_clock::now() < end;
  };
  const httplib::Result result = client.send(request);
  if (!result) {
    return Unreachable("no answer");
  }
  return Answer{result->status, result->get_header_value("Content-Type"), std::move(received)};
}

bool WitnessClient::Answers(const std::string& url) {
  httplib::Client client(Split(url).first);
  SetTimeouts(client);
  return static_cast<bool>(client.Head("/"));
}

absl::StatusOr<transparency::NoteSignature> WitnessClient::Check(const transparency::Note& checkpoint,
                                                                 const std::string& lines) const {
  transparency::Note note = checkpoint;
  for (std::string_view rest = lines; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n') + 1);
    if (line.empty() || note.signatures.size() >= transparency::Note::kMaxSignatures) {
      return Unreachable("its answer is not made of signature lines");
    }
    rest.remove_prefix(line.size());
    if (auto signature = transparency::NoteSignature::Parse(line); signature.ok()) {
      note.signatures.push_back(*std::move(signature));
    }
  }
  const absl::StatusOr<absl::Time> time = transparency::VerifyCosignature(note, witness_);
  if (!time.ok()) {
    return Unreachable("its answer is not signed by the key in the configuration");
  }
  if (absl::AbsDuration(clock_.Now() - *time) > kMostSkew) {
    return Unreachable("its signature is not of now: an old answer, or clocks that differ");
  }
  for (transparency::NoteSignature& signature : note.signatures) {
    if (signature.name == witness_.name() && signature.id == witness_.id()) {
      return std::move(signature);
    }
  }
  return MakeError(Reason::kInternal);
}

absl::StatusOr<transparency::NoteSignature> WitnessClient::Cosign(const transparency::Note& checkpoint,
                                                                  const Prove& prove) {
  KOBLING_ASSIGN_OR_RETURN(const transparency::TreeHead head, transparency::TreeHead::Parse(checkpoint.text));
  const std::lock_guard lock(mutex_);
  for (int question = 0; question < kMostQuestions; ++question) {
    transparency::WitnessRequest request;
    request.old_size = last_size_;
    KOBLING_ASSIGN_OR_RETURN(request.proof, prove(last_size_));
    request.checkpoint = checkpoint;
    KOBLING_ASSIGN_OR_RETURN(const Answer answer, Post(request.text()));
    if (answer.status == 200) {
      KOBLING_ASSIGN_OR_RETURN(transparency::NoteSignature signature, Check(checkpoint, answer.body));
      last_size_ = head.size;
      signed_size_ = head.size;
      return signature;
    }
    // Only what a witness says of histories is final; anything else may be a proxy's, or a mistake in its
    // configuration.
    if (answer.status == 403 || answer.status == 404) {
      return Unreachable(answer.status == 404 ? "it does not know this log" : "it knows another key of this log");
    }
    if (answer.status != 409 && answer.status != 422) {
      return Unreachable("what answers is no witness");
    }
    if (answer.status == 422 || !answer.content_type.starts_with(transparency::kSizeContentType)) {
      return Refused("it has signed another history of this log");
    }
    const std::string_view digits = std::string_view(answer.body).substr(0, answer.body.find('\n'));
    const absl::StatusOr<std::uint64_t> size = transparency::ParseSize(digits);
    if (!size.ok()) {
      return Unreachable("its answer is not a size");
    }
    if (*size > head.size) {
      return MakeError(Reason::kWitnessAhead, {{DetailKey::kCount, head.size}, {DetailKey::kExpected, digits}});
    }
    if (*size < signed_size_) {
      return Refused("it has forgotten what it has signed");
    }
    last_size_ = *size;
  }
  return Refused("it signs for another server of this log");
}

}  // namespace kobling::server
