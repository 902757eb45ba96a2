// What a sealed key file says of itself: one line that its signature covers, so that nobody can pass a file off as
// another register's, another project's, or an earlier or later one. docs/formats/key-file.md describes the text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "crypto/sha256.h"
#include "domain/ids.h"

namespace kobling::crypto {

// What the rows of a key file are: all of the register's rows, those that have come and gone since an earlier file, or
// those that replace what earlier files said.
enum class KeyFileKind : std::uint8_t { kFull, kDelta, kCorrection };

// Between the two columns.
enum class KeyFileDelimiter : std::uint8_t { kSemicolon, kComma };

// A version of a reservation list that was applied: the national one, or the register's own.
struct AppliedReservations {
  bool is_national;
  std::uint32_t version;  // from 1
  friend bool operator==(const AppliedReservations&, const AppliedReservations&) = default;
};

// Version 1.
struct KeyFileComment {
  domain::ProjectId project;
  domain::RegisterId register_id;
  std::uint32_t number;  // of the file within project and register, from 1
  KeyFileKind kind;
  std::uint32_t since = 0;      // of a delta or correction: number of the file that it goes on from; 0 otherwise
  std::uint64_t withdrawn = 0;  // of a delta: rows, among `rows`, that hold no more
  std::uint64_t rows;           // in the file, its header line not counted
  std::uint64_t persons;        // distinct løpenumre among the rows; never more than rows
  std::uint64_t duplicates;     // identifiers that the register sent more than once; each is one row
  std::uint32_t key_version;    // of the project's key, from 1
  std::uint64_t map_version;    // of the identity map
  std::vector<AppliedReservations> reservations;  // the national list first, each at most once
  KeyFileDelimiter delimiter;
  std::string recipient;           // fingerprint of the recipient key, as crypto/fingerprint.h makes it
  absl::CivilDay expires;          // the last day on which the file can be fetched
  std::optional<Digest> previous;  // SHA-256 of the register's previous sealed file in this project; none for the first
  std::uint64_t event;             // index of the file's leaf in the event log

  friend bool operator==(const KeyFileComment&, const KeyFileComment&) = default;
};

// The one text of a comment. Its fields must be as described above.
std::string FormatKeyFileComment(const KeyFileComment& comment);

// Reads exactly what FormatKeyFileComment writes: these fields, in this order, each once, in their only spelling.
// Anything else fails with FILE_MALFORMED, naming the field where reading stopped; if a newer version of Kobling may
// have written it, the hint says so.
absl::StatusOr<KeyFileComment> ParseKeyFileComment(std::string_view text);

// The file's name when it is open: "NPR_P0041_0007.csv", the number with at least four digits. The sealed file adds
// ".age", its signature ".age.minisig".
std::string KeyFileName(const KeyFileComment& comment);

}  // namespace kobling::crypto
