#include "client/event_proof.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/escaping.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::client {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::string_view kProofEnding = ".tlog-proof";
constexpr std::string_view kEntryEnding = ".event";

}  // namespace

absl::StatusOr<LogTrust> LogTrustOf(const Profile& profile) {
  KOBLING_ASSIGN_OR_RETURN(transparency::VerifierKey log, profile.LogKey());
  KOBLING_ASSIGN_OR_RETURN(std::optional<transparency::VerifierKey> witness, profile.WitnessKey());
  return LogTrust{std::move(log), std::move(witness)};
}

absl::StatusOr<std::optional<absl::Time>> VerifyWitnessed(const transparency::Note& checkpoint, const LogTrust& trust) {
  if (!trust.witness.has_value()) {
    return std::nullopt;
  }
  KOBLING_ASSIGN_OR_RETURN(const absl::Time time, transparency::VerifyCosignature(checkpoint, *trust.witness));
  return time;
}

absl::StatusOr<ProvedEvent> VerifyEventProof(std::string_view proof, std::string_view entry, const LogTrust& trust) {
  ProvedEvent proved;
  KOBLING_ASSIGN_OR_RETURN(proved.receipt, transparency::InclusionReceipt::Parse(proof));
  KOBLING_ASSIGN_OR_RETURN(proved.head, proved.receipt.Verify(entry, trust.log));
  KOBLING_ASSIGN_OR_RETURN(proved.cosigned, VerifyWitnessed(proved.receipt.checkpoint, trust));
  const absl::StatusOr<transparency::Event> event = transparency::DecodeEvent(entry);
  if (!event.ok()) {
    return MakeError(Reason::kLogMalformed, {{DetailKey::kHint, "an event"}});
  }
  proved.event = *event;
  proved.entry = std::string(entry);
  return proved;
}

absl::StatusOr<ProvedEvent> FetchEventProof(Connection& connection, std::uint64_t index, const LogTrust& trust) {
  api::GetEventProofRequest request;
  request.set_index(index);
  KOBLING_ASSIGN_OR_RETURN(const api::EventProof answer, connection.GetEventProof(request));
  KOBLING_ASSIGN_OR_RETURN(ProvedEvent proved, VerifyEventProof(answer.proof(), answer.entry(), trust));
  if (proved.index() != index) {
    return MakeError(Reason::kLogInconsistent, {{DetailKey::kHint, "the server has proved another event"}});
  }
  return proved;
}

std::string EntryFileOf(const std::string& proof_file) {
  return proof_file.ends_with(kProofEnding)
             ? proof_file.substr(0, proof_file.size() - kProofEnding.size()) + std::string(kEntryEnding)
             : std::string();
}

absl::StatusOr<ProvedEvent> ReadEventProof(const std::string& proof_file, const LogTrust& trust) {
  KOBLING_ASSIGN_OR_RETURN(const std::string proof, ReadSmallFile(proof_file));
  KOBLING_ASSIGN_OR_RETURN(const std::string entry, ReadSmallFile(EntryFileOf(proof_file)));
  return VerifyEventProof(proof, entry, trust);
}

absl::Status WriteEventProof(const ProvedEvent& proved, const std::string& proof_file, Overwrite overwrite) {
  KOBLING_ASSIGN_OR_RETURN(const std::unique_ptr<AtomicFile> proof, AtomicFile::Create(proof_file, overwrite));
  KOBLING_ASSIGN_OR_RETURN(const std::unique_ptr<AtomicFile> entry,
                           AtomicFile::Create(EntryFileOf(proof_file), overwrite));
  KOBLING_RETURN_IF_ERROR(proof->Write(proved.receipt.text()));
  KOBLING_RETURN_IF_ERROR(entry->Write(proved.entry));
  KOBLING_RETURN_IF_ERROR(proof->Prepare());
  KOBLING_RETURN_IF_ERROR(entry->Prepare());
  KOBLING_RETURN_IF_ERROR(entry->Commit());
  return proof->Commit();
}

absl::Status CheckIsIssueOf(const ProvedEvent& proved, const DescribedKeyFile& key_file) {
  const transparency::Event& event = proved.event;
  const crypto::KeyFileComment& comment = key_file.comment;
  const auto differs = [](std::string_view what) {
    return MakeError(Reason::kLogInconsistent,
                     {{DetailKey::kField, what}, {DetailKey::kHint, "the event is not the issue of this key file"}});
  };
  if (proved.index() != comment.event) {
    return differs("event");
  }
  if (event.operation != "keyfile.issue" || event.result != transparency::kOkResult) {
    return differs("operation");
  }
  if (event.project != comment.project.text()) {
    return differs("project");
  }
  if (event.register_id != comment.register_id.text()) {
    return differs("register");
  }
  if (event.object != "keyfile " + std::to_string(comment.number)) {
    return differs("number");
  }
  const crypto::Digest& sha256 = key_file.sha256;
  const transparency::EventChange digest{
      "sealed_sha256", "",
      absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(sha256.data()), sha256.size()))};
  return std::find(event.changes.begin(), event.changes.end(), digest) == event.changes.end() ? differs("sealed_sha256")
                                                                                              : absl::OkStatus();
}

}  // namespace kobling::client
