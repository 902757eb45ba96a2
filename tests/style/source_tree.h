// The files of the project, as a reader sees them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kobling::tests {

struct SourceFile {
  std::string path;  // from the root, "storage/set_store.h"
  std::string text;

  // "storage" of "storage/set_store.h", "server/services" of "server/services/pipeline.h".
  std::string folder() const { return path.substr(0, path.rfind('/')); }
  bool IsIn(std::string_view folder) const;
  bool IsTest() const;
  std::vector<std::string_view> lines() const;
};

struct Include {
  std::string_view name;  // "storage/set_store.h", "vector"
  std::size_t line;       // from 1
};

// Every text file of the project: code, protocol files, documents, scripts. What was built, and what Git keeps, is not
// part of it.
std::vector<SourceFile> ReadSourceTree();

// Headers and sources of C++ only.
std::vector<SourceFile> ReadCode();

// The include lines of a file, generated headers and systems' headers too.
std::vector<Include> IncludesOf(const SourceFile& file);

}  // namespace kobling::tests
