#include "crypto/sealed_shares.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <span>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>

#include "absl/strings/escaping.h"
#include "crypto/age.h"
#include "crypto/kek_share.h"
#include "crypto/secret_file.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::crypto {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::string_view kUnfinished = ".part";
constexpr std::string_view kSealed = ".age";
constexpr std::size_t kLongestName = 40;

// Sealed bytes in memory: a share is far smaller than a chunk.
class ByteVector final : public ByteSink {
 public:
  absl::Status Write(std::span<const std::uint8_t> bytes) override {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return absl::OkStatus();
  }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
};

std::string NameOf(const KekId& id) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(id.data()), id.size()));
}

bool IsNameOfKek(std::string_view name) {
  return name.size() == 2 * std::tuple_size_v<KekId> &&
         name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool IsName(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

absl::Status Unwritable(const std::string& path) {
  return MakeError(Reason::kFileUnwritable, {{DetailKey::kFile, path}});
}

absl::Status CheckHolders(const std::vector<ShareHolder>& holders) {
  for (auto holder = holders.begin(); holder != holders.end(); ++holder) {
    const bool is_new = std::none_of(holders.begin(), holder, [&](const ShareHolder& other) {
      return other.name == holder->name || other.recipient == holder->recipient;
    });
    if (!IsName(holder->name) || !is_new) {
      return MakeError(Reason::kConfiguration,
                       {{DetailKey::kField, "share holders"},
                        {DetailKey::kExpected, "different names of a-z, 0-9 and -, and a different key for each"}});
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ByteVector> Sealed(const KekShare& share, const AgeRecipient& recipient, SecretArena& arena) {
  constexpr std::uint8_t kLineEnd[] = {'\n'};
  ByteVector sealed;
  KOBLING_ASSIGN_OR_RETURN(const auto writer, AgeWriter::Create(sealed, std::span(&recipient, 1), arena));
  KOBLING_ASSIGN_OR_RETURN(const SecretBuffer text, share.Text(arena));
  KOBLING_RETURN_IF_ERROR(writer->Write(text.bytes(SecretAccess())));
  KOBLING_RETURN_IF_ERROR(writer->Write(kLineEnd));
  KOBLING_RETURN_IF_ERROR(writer->Finish());
  return sealed;
}

// The sealed shares in a folder, and the folder if nothing else is in it.
absl::Status DestroyFolder(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::string> files;
  for (auto entry = std::filesystem::directory_iterator(folder, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (entry->path().extension() == kSealed && IsName(entry->path().stem().string())) {
      files.push_back(entry->path().string());
    }
  }
  if (error) {
    return Unwritable(folder.string());
  }
  for (const std::string& file : files) {
    KOBLING_RETURN_IF_ERROR(DestroySecretFile(file));
  }
  if (::rmdir(folder.c_str()) != 0 && errno != ENOTEMPTY) {
    return Unwritable(folder.string());
  }
  return SyncFolder(folder.parent_path().string());
}

absl::Status WriteFiles(const std::string& folder, const std::vector<KekShare>& shares,
                        const std::vector<ShareHolder>& holders, SecretArena& arena) {
  if (::mkdir(folder.c_str(), 0700) != 0) {
    return Unwritable(folder);
  }
  for (std::size_t i = 0; i < holders.size(); ++i) {
    KOBLING_ASSIGN_OR_RETURN(const ByteVector sealed, Sealed(shares[i], holders[i].recipient, arena));
    std::string path = folder;
    path.append("/").append(holders[i].name).append(kSealed);
    KOBLING_RETURN_IF_ERROR(WriteNewSecretFile(path, sealed.bytes()));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> WriteSealedShares(const KeyEncryptionKey& kek, const ShareHolders& holders,
                                              const std::string& folder, SecretArena& arena) {
  KOBLING_RETURN_IF_ERROR(CheckHolders(holders.holders));
  // A number that does not fit is one that SplitKek refuses.
  const auto count = static_cast<std::uint8_t>(std::min<std::size_t>(holders.holders.size(), 0xff));
  KOBLING_ASSIGN_OR_RETURN(const std::vector<KekShare> shares,
                           SplitKek(kek, {.needed = holders.needed, .count = count}, arena));
  std::string whole = folder + "/" + NameOf(kek.id());
  std::error_code error;
  if (std::filesystem::exists(std::filesystem::symlink_status(whole, error))) {
    return MakeError(Reason::kFileExists, {{DetailKey::kFile, whole}});
  }
  const std::string unfinished = whole + std::string(kUnfinished);
  if (std::filesystem::exists(unfinished, error)) {
    KOBLING_RETURN_IF_ERROR(DestroyFolder(unfinished));
  }
  absl::Status written = WriteFiles(unfinished, shares, holders.holders, arena);
  if (written.ok()) {
    written = RenameSecretFile(unfinished, whole);
  }
  if (!written.ok()) {
    // What stays of it all the same is found by its name the next time.
    DestroyFolder(unfinished).IgnoreError();
    return written;
  }
  return whole;
}

absl::Status DestroySealedSharesExcept(const KekId& kept, const std::string& folder) {
  std::error_code error;
  if (!std::filesystem::exists(folder, error)) {
    return absl::OkStatus();
  }
  std::vector<std::filesystem::path> folders;
  for (auto entry = std::filesystem::directory_iterator(folder, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    std::string name = entry->path().filename().string();
    const bool is_unfinished = name.ends_with(kUnfinished);
    name.resize(name.size() - (is_unfinished ? kUnfinished.size() : 0));
    std::error_code ignored;
    const bool is_folder = entry->symlink_status(ignored).type() == std::filesystem::file_type::directory;
    if (is_folder && IsNameOfKek(name) && (is_unfinished || name != NameOf(kept))) {
      folders.push_back(entry->path());
    }
  }
  if (error) {
    return Unwritable(folder);
  }
  for (const std::filesystem::path& other : folders) {
    KOBLING_RETURN_IF_ERROR(DestroyFolder(other));
  }
  return absl::OkStatus();
}

}  // namespace kobling::crypto
