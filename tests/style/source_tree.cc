#include "tests/style/source_tree.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

namespace kobling::tests {
namespace {

namespace fs = std::filesystem;

bool IsText(const fs::path& path) {
  static const std::set<std::string> kEndings = {".h",    ".cc",   ".proto",   ".txt",     ".cmake", ".md",
                                                 ".json", ".sh",   ".service", ".toml",    ".csv",   ".py",
                                                 ".yml",  ".yaml", ".supp",    ".minisig", ".pub"};
  return kEndings.contains(path.extension().string());
}

}  // namespace

bool SourceFile::IsIn(std::string_view wanted) const {
  return path.starts_with(wanted) && path.size() > wanted.size() && path[wanted.size()] == '/';
}

bool SourceFile::IsTest() const {
  return IsIn("tests") || path.ends_with("_test.cc") || path.find("_testing") != std::string::npos ||
         path.ends_with("/testing.h") || path.find("test_support.") != std::string::npos ||
         path.ends_with("/test_folder.h") || path.ends_with("/trial_certificates.h");
}

std::vector<std::string_view> SourceFile::lines() const {
  std::vector<std::string_view> lines;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    lines.push_back(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return lines;
}

std::vector<SourceFile> ReadSourceTree() {
  std::vector<SourceFile> files;
  const fs::path root = KOBLING_SOURCE_DIR;
  for (auto entry = fs::recursive_directory_iterator(root); entry != fs::recursive_directory_iterator(); ++entry) {
    const std::string name = entry->path().filename().string();
    if (entry->is_directory()) {
      if (name == "build" || name.starts_with(".")) {
        entry.disable_recursion_pending();
      }
      continue;
    }
    if (IsText(entry->path())) {
      std::ifstream stream(entry->path(), std::ios::binary);
      files.push_back({fs::relative(entry->path(), root).string(),
                       {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()}});
    }
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

std::vector<SourceFile> ReadCode() {
  std::vector<SourceFile> files = ReadSourceTree();
  std::erase_if(files,
                [](const SourceFile& file) { return !file.path.ends_with(".h") && !file.path.ends_with(".cc"); });
  return files;
}

std::vector<Include> IncludesOf(const SourceFile& file) {
  std::vector<Include> includes;
  const auto lines = file.lines();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string_view line = lines[i];
    if (!line.starts_with("#include ")) {
      continue;
    }
    line.remove_prefix(std::string_view("#include ").size() + 1);
    includes.push_back({line.substr(0, line.find_first_of("\">")), i + 1});
  }
  return includes;
}

}  // namespace kobling::tests
