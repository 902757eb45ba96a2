// Folders with the files of a report: all of them are there, or none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "client/files/atomic_file.h"

namespace kobling::client {

struct ReportFile {
  std::string name;
  std::string content;
};

// Who can read the files: their owner alone, or everybody on the machine.
enum class Readers { kOwner, kEverybody };

// The folder does not exist, or is empty. Fails with FILE_EXISTS or FILE_UNWRITABLE.
absl::Status CheckNewFolder(const std::string& folder);

// The folder is new, or holds nothing but files of these names and, among them, a page that this generator made: that
// is what an earlier run has left. Fails with FILE_EXISTS or FILE_UNWRITABLE.
absl::Status CheckOwnFolder(const std::string& folder, const std::vector<std::string>& names,
                            std::string_view generator);

// Makes the folder if need be. Every file is written under another name and synced first; then all of them are renamed,
// in their order.
absl::Status WriteFolder(const std::string& folder, const std::vector<ReportFile>& files, Overwrite overwrite,
                         Readers readers);

}  // namespace kobling::client
