#include "witness/witness.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "absl/strings/escaping.h"
#include "crypto/random.h"
#include "crypto/secret_access.h"
#include "crypto/secret_file.h"
#include "crypto/sha256.h"
#include "domain/error.h"
#include "domain/status_macros.h"
#include "transparency/witness_request.h"

namespace kobling::witness {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;
using transparency::Note;
using transparency::SignerKind;
using transparency::VerifierKey;
namespace fs = std::filesystem;

constexpr std::size_t kArenaBytes = 4096;
constexpr std::size_t kSeedBytes = 32;
constexpr std::string_view kText = "text/plain; charset=utf-8";

std::span<const std::uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

absl::StatusOr<std::string> ReadFile(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) {
    return MakeError(Reason::kFileNotFound, {{DetailKey::kFile, path.string()}});
  }
  std::ifstream stream(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(stream), {}};
  if (stream.bad() || content.size() > Note::kMaxBytes) {
    return MakeError(Reason::kFileUnreadable, {{DetailKey::kFile, path.string()}});
  }
  return content;
}

absl::StatusOr<std::string> ReadLine(const fs::path& path) {
  KOBLING_ASSIGN_OR_RETURN(std::string text, ReadFile(path));
  text.resize(std::min(text.find('\n'), text.size()));
  return text;
}

// A name of its own for each origin, whatever characters the origin has.
std::string FileNameOf(std::string_view origin) {
  const crypto::Digest digest = crypto::Sha256(Bytes(origin));
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(digest.data()), 16));
}

absl::Status MakeFolder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0) {
    return MakeError(errno == EEXIST ? Reason::kFileExists : Reason::kFileUnwritable,
                     {{DetailKey::kFile, folder.string()}});
  }
  return absl::OkStatus();
}

absl::StatusOr<crypto::SigningKey> LoadKey(const fs::path& file, crypto::SecretArena& arena) {
  std::array<std::uint8_t, kSeedBytes + 1> bytes{};
  const absl::StatusOr<std::size_t> got =
      crypto::ReadSecretFile(file.string(), crypto::SecretFileRule::kOwnFile, bytes);
  absl::StatusOr<crypto::SigningKey> key =
      !got.ok() ? got.status()
      : *got != kSeedBytes
          ? absl::StatusOr<crypto::SigningKey>(MakeError(Reason::kKeyUnusable, {{DetailKey::kFile, file.string()}}))
          : crypto::SigningKey::FromSeed(arena, std::span(bytes).first<kSeedBytes>());
  crypto::Wipe(bytes);
  return key;
}

Witness::Answer Refusal(int status, std::string_view why) {
  return {status, std::string(kText), std::string(why) + '\n'};
}

}  // namespace

absl::Status Witness::Create(const fs::path& folder, std::string_view name) {
  if (!transparency::IsSignerName(name)) {
    return MakeError(Reason::kFieldMalformed,
                     {{DetailKey::kField, "name"},
                      {DetailKey::kExpected, "an address without https://, as witness.example.org/kobling"}});
  }
  KOBLING_RETURN_IF_ERROR(MakeFolder(folder));
  KOBLING_RETURN_IF_ERROR(MakeFolder(folder / "logs"));
  KOBLING_RETURN_IF_ERROR(MakeFolder(folder / "state"));
  std::array<std::uint8_t, kSeedBytes> seed;
  crypto::FillRandom(seed);
  const absl::Status written = crypto::WriteNewSecretFile((folder / "key").string(), seed);
  crypto::Wipe(seed);
  KOBLING_RETURN_IF_ERROR(written);
  KOBLING_RETURN_IF_ERROR(crypto::WriteNewSecretFile((folder / "name").string(), Bytes(std::string(name) + '\n')));
  KOBLING_ASSIGN_OR_RETURN(const auto arena, crypto::SecretArena::Create(kArenaBytes));
  KOBLING_ASSIGN_OR_RETURN(const crypto::SigningKey key, LoadKey(folder / "key", *arena));
  const VerifierKey verifier(SignerKind::kWitness, std::string(name), key.public_key());
  return crypto::WriteNewSecretFile((folder / "witness.vkey").string(), Bytes(verifier.text() + '\n'));
}

absl::Status Witness::AddLog(const fs::path& folder, std::string_view verifier_key) {
  KOBLING_ASSIGN_OR_RETURN(const VerifierKey key, VerifierKey::Parse(verifier_key));
  if (key.kind() != SignerKind::kLog) {
    return MakeError(Reason::kFieldMalformed, {{DetailKey::kField, "verifier key"}, {DetailKey::kExpected, "a log's"}});
  }
  return crypto::WriteNewSecretFile((folder / "logs" / (FileNameOf(key.name()) + ".vkey")).string(),
                                    Bytes(key.text() + '\n'));
}

Witness::Witness(std::optional<crypto::Descriptor> lock, std::unique_ptr<crypto::SecretArena> arena,
                 crypto::SigningKey key, std::string name, const domain::Clock& clock)
    : lock_(std::move(lock)),
      arena_(std::move(arena)),
      key_(std::move(key)),
      verifier_(SignerKind::kWitness, std::move(name), key_.public_key()),
      clock_(clock) {}

absl::StatusOr<std::unique_ptr<Witness>> Witness::Open(const fs::path& folder, Use use, const domain::Clock& clock) {
  std::optional<crypto::Descriptor> lock;
  if (use == Use::kSign) {
    lock.emplace(::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock->is_open() || ::flock(lock->number(), LOCK_EX | LOCK_NB) != 0) {
      return MakeError(lock->is_open() ? Reason::kServerBusy : Reason::kFileUnwritable,
                       {{DetailKey::kFile, (folder / "lock").string()},
                        {DetailKey::kHint, "another kobling-witness may be at work in this folder"}});
    }
  }
  KOBLING_ASSIGN_OR_RETURN(auto arena, crypto::SecretArena::Create(kArenaBytes));
  KOBLING_ASSIGN_OR_RETURN(crypto::SigningKey key, LoadKey(folder / "key", *arena));
  KOBLING_ASSIGN_OR_RETURN(std::string name, ReadLine(folder / "name"));
  if (!transparency::IsSignerName(name)) {
    return MakeError(Reason::kFieldMalformed, {{DetailKey::kFile, (folder / "name").string()}});
  }
  std::unique_ptr<Witness> witness(
      new Witness(std::move(lock), std::move(arena), std::move(key), std::move(name), clock));
  KOBLING_RETURN_IF_ERROR(witness->LoadLogs(folder));
  return witness;
}

absl::Status Witness::LoadLogs(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder / "logs", error)) {
    if (entry.path().extension() != ".vkey") {
      continue;
    }
    KOBLING_ASSIGN_OR_RETURN(const std::string text, ReadLine(entry.path()));
    const absl::StatusOr<VerifierKey> key = VerifierKey::Parse(text);
    if (!key.ok() || key->kind() != SignerKind::kLog) {
      return MakeError(Reason::kFieldMalformed, {{DetailKey::kFile, entry.path().string()}});
    }
    Log log{*key, folder / "state" / FileNameOf(key->name()), std::nullopt};
    const bool has_state = fs::exists(log.state_file, error);
    if (error) {
      return MakeError(Reason::kFileUnreadable, {{DetailKey::kFile, log.state_file.string()}});
    }
    if (has_state) {
      KOBLING_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(log.state_file));
      const absl::StatusOr<Note> note = Note::Parse(bytes);
      // Its own signature, so that a state of another key or another file is not taken for its memory.
      if (!note.ok() || !transparency::VerifyCheckpoint(*note, log.key).ok() ||
          !transparency::VerifyCosignature(*note, verifier_).ok()) {
        return MakeError(Reason::kLogMalformed, {{DetailKey::kFile, log.state_file.string()}});
      }
      log.latest = *note;
    }
    logs_.push_back(std::move(log));
  }
  if (error) {
    return MakeError(Reason::kFileUnreadable, {{DetailKey::kFile, (folder / "logs").string()}});
  }
  std::sort(logs_.begin(), logs_.end(), [](const Log& a, const Log& b) { return a.key.name() < b.key.name(); });
  return absl::OkStatus();
}

absl::Status Witness::Keep(const fs::path& file, const Note& note) {
  const std::string next = file.string() + ".next";
  std::error_code ignored;
  fs::remove(next, ignored);  // what a run that was killed has left
  KOBLING_RETURN_IF_ERROR(crypto::WriteNewSecretFile(next, Bytes(note.bytes())));
  return crypto::RenameSecretFile(next, file.string());
}

Witness::Answer Witness::AddCheckpoint(std::string_view text) {
  const auto request = transparency::WitnessRequest::Parse(text);
  if (!request.ok()) {
    return Refusal(400, "not a request to a witness");
  }
  const auto head = transparency::TreeHead::Parse(request->checkpoint.text);
  if (!head.ok()) {
    return Refusal(400, "not a checkpoint");
  }
  const std::lock_guard lock(mutex_);
  const auto log =
      std::find_if(logs_.begin(), logs_.end(), [&](const Log& one) { return one.key.name() == head->origin; });
  if (log == logs_.end()) {
    return Refusal(404, "an unknown log");
  }
  if (!transparency::VerifyCheckpoint(request->checkpoint, log->key).ok()) {
    return Refusal(403, "not signed by the log");
  }
  if (request->old_size > head->size) {
    return Refusal(400, "the old size is larger than the new one");
  }
  transparency::TreeState latest{0, {}};
  if (log->latest.has_value()) {
    const auto kept = transparency::TreeHead::Parse(log->latest->text);
    latest = {kept->size, kept->root};
  }
  if (request->old_size != latest.size) {
    return {409, std::string(transparency::kSizeContentType), std::to_string(latest.size) + '\n'};
  }
  if (latest.size == head->size && log->latest.has_value() && latest.root != head->root) {
    return Refusal(409, "another root of the same size");
  }
  const transparency::TreeState old_tree =
      log->latest.has_value() ? latest : transparency::TreeState{0, crypto::Sha256(Bytes(""))};
  if (!transparency::VerifyConsistency(old_tree, {head->size, head->root}, request->proof).ok()) {
    return Refusal(422, "the proof does not show that the log has only grown");
  }
  Note signed_note{request->checkpoint.text, {}};
  for (const transparency::NoteSignature& signature : request->checkpoint.signatures) {
    if (signature.name == log->key.name() && signature.id == log->key.id()) {
      signed_note.signatures.push_back(signature);
      break;
    }
  }
  const transparency::NoteSignature cosignature = transparency::Cosign(signed_note.text, verifier_, key_, clock_.Now());
  signed_note.signatures.push_back(cosignature);
  if (!Keep(log->state_file, signed_note).ok()) {
    return Refusal(500, "the state cannot be kept; nothing is signed");
  }
  log->latest = std::move(signed_note);
  return {200, std::string(kText), cosignature.line()};
}

std::vector<Note> Witness::Latest() const {
  const std::lock_guard lock(mutex_);
  std::vector<Note> latest;
  for (const Log& log : logs_) {
    if (log.latest.has_value()) {
      latest.push_back(*log.latest);
    }
  }
  return latest;
}

}  // namespace kobling::witness
