#include "client/changes_text.h"

#include "absl/strings/numbers.h"

namespace kobling::client {
namespace {

// Enum values are logged as numbers. Fields of a source are written "sources[NPR].scope".
std::string ValueText(const std::string& field, const std::string& value) {
  const std::size_t dot = field.rfind('.');
  const auto* described = dot == std::string::npos ? api::ProjectCase::descriptor()->FindFieldByName(field)
                                                   : api::Source::descriptor()->FindFieldByName(field.substr(dot + 1));
  int number = 0;
  if (described != nullptr && described->enum_type() != nullptr && absl::SimpleAtoi(value, &number)) {
    if (const auto* known = described->enum_type()->FindValueByNumber(number)) {
      return number == 0 ? "(none)" : WordOf(*known);
    }
  }
  return value.empty() ? "(none)" : value;
}

}  // namespace

Json ChangesText(const google::protobuf::RepeatedPtrField<api::FieldChange>& changes) {
  Json texts = Json::array();
  for (const api::FieldChange& change : changes) {
    texts.push_back(change.field() + ": " + ValueText(change.field(), change.old_value()) + " -> " +
                    ValueText(change.field(), change.new_value()));
  }
  return texts;
}

}  // namespace kobling::client
