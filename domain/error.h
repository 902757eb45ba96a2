// Every refusal that Kobling can give: one table, used by the server, the client and docs/errors.md alike.
//
// An error has three parts: what is wrong (the reason's fixed text), where (details from an allow-list) and what to do
// (the reason's fixed remedy). No part ever carries an identifier, a løpenummer or a key.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace kobling::domain {

// The numbers are wire format (RowFault.reason) and never change their meaning.
enum class Reason : std::uint16_t {
  // A value that should be a national identifier.
  kIdentifierEmpty = 1,
  kIdentifierNotElevenDigits = 2,
  kIdentifierLeadingZeroLost = 3,
  kIdentifierImpossibleDate = 4,
  kIdentifierCheckDigits = 5,
  kIdentifierTestSeries = 6,
  kIdentifierNotSynthetic = 7,
  kIdentifierHelpNumber = 8,
  kIdentifierFhNotAccepted = 9,
  kIdentifierDufNumber = 10,
  kIdentifierNotFound = 11,
  // A value that should be a løpenummer.
  kLopenummerFormat = 20,
  kLopenummerCheckCharacter = 21,
  kLopenummerNotIssued = 22,
  // The number beside an identifier in an imported series.
  kSeriesNumberFormat = 23,
  kSeriesConflict = 24,
  // Who is calling, and what they may do.
  kNotPermitted = 100,
  kCallerUnknown = 101,
  kPurposeMissing = 102,
  kRequestIdMalformed = 103,
  kRequestIdReused = 104,
  // Fields of a request.
  kFieldMissing = 110,
  kFieldMalformed = 111,
  kFieldTooLong = 112,
  kDateOrder = 113,
  // Registers and recipient keys.
  kRegisterExists = 120,
  kRegisterNotFound = 121,
  kRecipientKeyMalformed = 122,
  kRecipientKeyNotFound = 123,
  kRecipientKeyState = 124,
  kRecipientKeyMissing = 125,
  kRecipientKeyExpired = 126,
  kFingerprintMismatch = 127,
  // Projects.
  kProjectNotFound = 140,
  kProjectState = 141,
  kProjectEnded = 142,
  kProjectIncomplete = 143,
  kSourceExists = 144,
  kSourceNotFound = 145,
  kSameIdentity = 146,
  kRevisionPending = 147,
  kRevisionNotFound = 148,
  kConfirmationMismatch = 149,
  kUsageOutstanding = 150,
  kKeyDestroyed = 151,
  kSourceUnlawful = 152,
  kSourceWithdrawn = 153,
  kCaseNumberTaken = 154,
  kConditionNotFound = 155,
  // Populations and match windows.
  kSourceNotDefining = 160,
  kSourceLocked = 161,
  kBudgetExceeded = 162,
  kInvalidRowsRefused = 163,
  kNothingValid = 164,
  kSubmissionNotFound = 165,
  kPopulationComplete = 167,
  kPopulationIncomplete = 168,
  kScopeDoesNotMatch = 169,
  kMatchWindowMissing = 170,
  kMatchWindowUsed = 171,
  kMatchParked = 172,
  kMatchMissing = 173,
  kTooManyRows = 174,
  kStreamProtocol = 175,
  kMessageTooLarge = 176,
  kServerBusy = 177,
  kPopulationEmpty = 178,
  kStreamSilent = 179,
  // Key files and usage.
  kKeyFileNotFound = 190,
  kKeyFileWithdrawn = 191,
  kKeyFileExpired = 192,
  kKeyFileOffset = 193,
  kLopenummerCollision = 194,
  kDeliveryExists = 195,
  kDeliveryNotFound = 196,
  kNothingToIssue = 197,
  kKeyFileInUse = 198,
  kKeyFileStands = 199,
  // Series that were made elsewhere.
  kSeriesImported = 200,
  kSeriesOriginMissing = 201,
  // Key files that go on from others, and changes.
  kKeyFileNotFetched = 206,
  kKeyFileContinued = 207,
  kNothingChanges = 208,
  // The server itself.
  kStorageUnavailable = 210,
  kRecordCorrupt = 211,
  kDatabaseNewer = 212,
  kKeyUnusable = 213,
  kSecretMemoryUnlocked = 214,
  kConfiguration = 215,
  kFileMode = 216,
  kDraining = 217,
  kInternal = 218,
  kDeadline = 219,
  kPreconditionFailed = 220,
  kDiskFull = 221,
  // Files on the user's machine, and the way to the server.
  kFileNotFound = 240,
  kFileUnreadable = 241,
  kFileUnwritable = 242,
  kFileExists = 243,
  kFileEmpty = 244,
  kFileEncoding = 245,
  kFileMalformed = 246,
  kColumnNotFound = 247,
  kColumnDuplicate = 248,
  kIdentifiersInOtherColumn = 249,
  kKeyFileAltered = 250,
  kKeyFileTruncated = 251,
  kKeyFileSignature = 252,
  kKeyFileRecipient = 253,
  kKeyFileRows = 254,
  kServerUnreachable = 255,
  kServerCertificate = 256,
  kUsage = 257,
  kConfirmationMissing = 258,
  kProfile = 259,
  // Reports.
  kAnswerTooLarge = 270,
  // The end of a project.
  kUsageComplete = 280,
  // Identity history.
  kIdentitySequence = 290,
  kIdentityEventDiffers = 291,
  kIdentityEventMalformed = 292,
  kIdentityFeedTooOld = 293,
  kCorrectionNotFound = 294,
  kCorrectionStale = 295,
  kCorrectionPending = 296,
  kNothingToCorrect = 297,
  kRepresentationNotAllowed = 298,
  kKeyFileOutdated = 299,
  // The key-encryption key, and a server that has none.
  kHsmUnavailable = 300,
  kKekShareMalformed = 301,
  kKekShareOther = 302,
  kKekSharesMissing = 303,
  kSealed = 304,
  // The published log and its witness.
  kLogMalformed = 310,
  kLogSignature = 311,
  kLogInconsistent = 312,
  kWitnessUnreachable = 313,
  kWitnessRefused = 314,
  kWitnessAhead = 315,
  kEventNotFound = 316,
  // Signed tokens beside the certificate.
  kTokenMissing = 320,
  kTokenRefused = 321,
  kTokenOtherCaller = 322,
  kTokenKeys = 323,
};

// What a client may do with a refused call.
enum class Retry : std::uint8_t { kNever, kSameRequest };

struct ReasonInfo {
  Reason reason;
  std::string_view name;  // stable upper-case name, as in ErrorInfo.reason
  absl::StatusCode code;  // canonical code at the edge
  Retry retry;
  std::string_view what;    // what is wrong, one sentence
  std::string_view remedy;  // what to do, one sentence
};

// All reasons, in the order of their numbers.
std::span<const ReasonInfo> AllReasons();
const ReasonInfo& InfoOf(Reason reason);
std::optional<Reason> ReasonFromName(std::string_view name);
std::optional<Reason> ReasonFromNumber(std::uint32_t number);

// Where something is wrong. These are the only kinds of detail that an error may carry.
enum class DetailKey : std::uint8_t {
  kField,
  kProject,
  kRegister,
  kSubmission,
  kKeyFile,
  kCorrection,
  kRow,
  kLine,
  kColumn,
  kLimit,
  kCount,
  kState,
  kFile,
  kRequestId,
  kPosition,
  kExpected,
  kHint
};
std::string_view NameOf(DetailKey key);

// One detail. Text is scrubbed: any run of nine or more digits, runs of digits that are eleven digits together with one
// separator between each two, and anything shaped like a løpenummer, become "[removed]", so that a careless caller
// cannot leak an identifier. Control characters become spaces. A well-formed request id is kept as it is. Numbers are
// for counts, lines and limits; from 1,000,000,000 on, where identifiers begin, they are removed as well.
struct Detail {
  Detail(DetailKey key, std::string_view text);
  Detail(DetailKey key, std::uint64_t number);
  DetailKey key;
  std::string value;
};

// Replaces what could identify a person, as described at Detail.
std::string Scrub(std::string_view text);

// An absl::Status that carries the reason and the details. Its message is "what (where) remedy".
absl::Status MakeError(Reason reason, std::vector<Detail> details = {});

// The parts of a status made by MakeError; a status made elsewhere has no reason and no details.
std::optional<Reason> ReasonOf(const absl::Status& status);
std::vector<std::pair<std::string, std::string>> DetailsOf(const absl::Status& status);

// "line 12, column fnr": the details as one line of text, empty if there are none.
std::string WhereOf(const absl::Status& status);

// Rebuilds a status from what travelled over the wire. Unknown detail names are dropped, values are scrubbed again.
absl::Status ErrorFromWire(Reason reason, std::span<const std::pair<std::string, std::string>> details);

}  // namespace kobling::domain
