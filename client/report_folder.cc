#include "client/report_folder.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>

#include "client/dossier_html.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::client {
namespace {

namespace fs = std::filesystem;
using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

// Of a page, where the generator stands.
constexpr std::size_t kHeadBytes = 1024;

absl::Status Exists(const std::string& folder, std::string_view hint) {
  return MakeError(Reason::kFileExists, {{DetailKey::kFile, folder}, {DetailKey::kHint, hint}});
}

// Names in the folder; none if there is no such folder.
absl::StatusOr<std::vector<std::string>> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  if (!fs::exists(folder, error) && !error) {
    return names;
  }
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error) {
    return WriteError(folder, error.value());
  }
  return names;
}

std::string HeadOf(const fs::path& file) {
  std::string head(kHeadBytes, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(stream.gcount()));
  return head;
}

}  // namespace

absl::Status CheckNewFolder(const std::string& folder) {
  KOBLING_ASSIGN_OR_RETURN(const std::vector<std::string> names, NamesIn(folder));
  return names.empty() ? absl::OkStatus() : Exists(folder, "the folder is not empty; name a new one");
}

absl::Status CheckOwnFolder(const std::string& folder, const std::vector<std::string>& names,
                            std::string_view generator) {
  KOBLING_ASSIGN_OR_RETURN(const std::vector<std::string> found, NamesIn(folder));
  bool has_own_page = found.empty();
  for (const std::string& name : found) {
    // A run that was killed has left files with .part at the end.
    const bool is_ours = std::any_of(names.begin(), names.end(),
                                     [&](const std::string& own) { return name == own || name == own + ".part"; });
    if (!is_ours) {
      return Exists(folder, "the folder holds other files; name a folder of its own for this list");
    }
    has_own_page = has_own_page || IsMadeBy(HeadOf(fs::path(folder) / name), generator);
  }
  return has_own_page ? absl::OkStatus() : Exists(folder, "the folder holds files that this command did not make");
}

absl::Status WriteFolder(const std::string& folder, const std::vector<ReportFile>& files, Overwrite overwrite,
                         Readers readers) {
  std::error_code error;
  if (fs::create_directories(folder, error)) {
    constexpr fs::perms kReadByAll =
        fs::perms::group_read | fs::perms::group_exec | fs::perms::others_read | fs::perms::others_exec;
    fs::permissions(folder, fs::perms::owner_all | (readers == Readers::kOwner ? fs::perms::none : kReadByAll), error);
  }
  if (error) {
    return WriteError(folder, error.value());
  }
  std::vector<std::unique_ptr<AtomicFile>> written;
  for (const ReportFile& file : files) {
    KOBLING_ASSIGN_OR_RETURN(written.emplace_back(), AtomicFile::Create(fs::path(folder) / file.name, overwrite));
    KOBLING_RETURN_IF_ERROR(written.back()->Write(file.content));
    KOBLING_RETURN_IF_ERROR(written.back()->Prepare());
  }
  for (const std::unique_ptr<AtomicFile>& file : written) {
    KOBLING_RETURN_IF_ERROR(file->Commit());
    if (readers == Readers::kEverybody) {
      fs::permissions(file->path(), fs::perms::group_read | fs::perms::others_read, fs::perm_options::add, error);
      if (error) {
        return WriteError(file->path(), error.value());
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace kobling::client
