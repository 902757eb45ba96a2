// Short ways to read a store in a test, and to say what a call should give.
#pragma once

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "domain/error.h"
#include "storage/key_value_store.h"

namespace kobling::tests {

using Rows = std::vector<std::pair<std::string, std::string>>;

// What a reader answers; an error fails the test.
std::optional<std::string> ValueOf(const storage::Reader& reader, storage::Family family, std::string_view key);
std::vector<std::optional<std::string>> ValuesOf(const storage::Reader& reader, storage::Family family,
                                                 const std::vector<std::string>& keys);
Rows RowsOf(const storage::Reader& reader, storage::Family family, const storage::KeyRange& range = {});
std::vector<std::string> KeysOf(const storage::Reader& reader, storage::Family family,
                                const storage::KeyRange& range = {});

// Matches an absl::Status, or a StatusOr, that carries the reason.
MATCHER_P(FailsWith, reason, "") {
  if constexpr (requires { arg.status(); }) {
    return domain::ReasonOf(arg.status()) == reason;
  } else {
    return domain::ReasonOf(arg) == reason;
  }
}
MATCHER(IsOk, "") { return arg.ok(); }

}  // namespace kobling::tests
