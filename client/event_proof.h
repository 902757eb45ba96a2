// Proofs that events are in the published log, as files that are kept: "X.tlog-proof" with the event's bytes beside it,
// "X.event".
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/connection.h"
#include "client/files/atomic_file.h"
#include "client/files/key_file_rows.h"
#include "client/profile.h"
#include "transparency/checkpoint.h"
#include "transparency/event.h"
#include "transparency/note.h"
#include "transparency/proof.h"

namespace kobling::client {

// Whose signatures are asked for: the log's, and its witness's if one is trusted.
struct LogTrust {
  transparency::VerifierKey log;
  std::optional<transparency::VerifierKey> witness;
};

// The keys in the profile. Fails with PROFILE or FILE_NOT_FOUND.
absl::StatusOr<LogTrust> LogTrustOf(const Profile& profile);

// When the witness has signed the checkpoint; nothing if none is trusted. Fails with LOG_SIGNATURE if it has not.
absl::StatusOr<std::optional<absl::Time>> VerifyWitnessed(const transparency::Note& checkpoint, const LogTrust& trust);

// An event that the log is proved to hold.
struct ProvedEvent {
  transparency::Event event;
  transparency::InclusionReceipt receipt;
  transparency::TreeHead head;         // of the tree that it is in
  std::string entry;                   // the event's bytes
  std::optional<absl::Time> cosigned;  // when the witness signed that tree; nothing if no witness was asked for

  std::uint64_t index() const { return receipt.index; }
};

// Verifies a proof. Fails with LOG_MALFORMED, LOG_SIGNATURE or LOG_INCONSISTENT.
absl::StatusOr<ProvedEvent> VerifyEventProof(std::string_view proof, std::string_view entry, const LogTrust& trust);

// Asks the server for an event's proof and verifies it.
absl::StatusOr<ProvedEvent> FetchEventProof(Connection& connection, std::uint64_t index, const LogTrust& trust);

// Reads "X.tlog-proof" and "X.event", and verifies them. Fails with FILE_NOT_FOUND, or as VerifyEventProof does.
absl::StatusOr<ProvedEvent> ReadEventProof(const std::string& proof_file, const LogTrust& trust);

// The name of the file with the event's bytes; empty if the proof's name does not end with ".tlog-proof".
std::string EntryFileOf(const std::string& proof_file);

// Writes both files, or neither. Fails with FILE_EXISTS or FILE_UNWRITABLE.
absl::Status WriteEventProof(const ProvedEvent& proved, const std::string& proof_file, Overwrite overwrite);

// Fails with LOG_INCONSISTENT, saying what differs, unless the event is the issue of this very key file.
absl::Status CheckIsIssueOf(const ProvedEvent& proved, const DescribedKeyFile& key_file);

}  // namespace kobling::client
