// Columns by name and number: the part of TableReader that speaks about the header.
#include <algorithm>

#include "client/files/table_reader.h"
#include "domain/error.h"
#include "domain/text.h"

namespace kobling::client {
namespace {

using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

constexpr std::size_t kMostDigitsInANumber = 5;
constexpr std::size_t kMostDigitsInAName = 5;
constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLongestList = 400;

bool IsDigit(char character) { return character >= '0' && character <= '9'; }

// For messages: ASCII and, in a name that is UTF-8, letters such as 'ø', which have two bytes. All else, that might
// steer a terminal, becomes '?'.
std::string Printable(std::string_view name) {
  constexpr char kFirstLetterLead = '\xC3';  // below it are control characters and signs
  constexpr char kLastLetterLead = '\xDF';
  const bool is_utf8 = domain::IsUtf8(name);
  std::string text;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char character = name[i];
    if (is_utf8 && character >= kFirstLetterLead && character <= kLastLetterLead) {
      text += name.substr(i++, 2);
    } else if (!is_utf8 || (character & 0xC0) != 0x80) {
      text += character < ' ' || character > '~' ? '?' : character;
    }
  }
  return text;
}

}  // namespace

absl::StatusOr<ColumnName> ColumnName::Parse(std::string_view text) {
  const bool is_number =
      !text.empty() && text.size() <= kMostDigitsInANumber && std::all_of(text.begin(), text.end(), IsDigit);
  const std::size_t number = is_number ? std::stoul(std::string(text)) : 0;
  if (text.empty() || (is_number && number == 0)) {
    return MakeError(Reason::kFieldMalformed,
                     {{DetailKey::kField, "column"}, {DetailKey::kHint, "a column is a name or a number from 1"}});
  }
  return is_number ? ColumnName(number) : ColumnName(std::string(text));
}

std::optional<std::size_t> ColumnName::number() const {
  const auto* number = std::get_if<std::size_t>(&what_);
  return number == nullptr ? std::nullopt : std::optional(*number);
}

std::string_view ColumnName::name() const {
  const auto* name = std::get_if<std::string>(&what_);
  return name == nullptr ? std::string_view() : std::string_view(*name);
}

bool TableReader::HeaderLooksLikeNames() const {
  return !header_.empty() && std::all_of(header_.begin(), header_.end(), [](const std::string& name) {
    return name.size() <= kLongestName &&
           static_cast<std::size_t>(std::count_if(name.begin(), name.end(), IsDigit)) <= kMostDigitsInAName;
  });
}

std::string TableReader::Describe(std::size_t column) const {
  if (HeaderLooksLikeNames() && column < header_.size() && !header_[column].empty()) {
    return Printable(header_[column]);
  }
  return std::string("column ") + std::to_string(column + 1);
}

absl::StatusOr<std::size_t> TableReader::FindColumn(const ColumnName& column) const {
  if (const auto number = column.number()) {
    if (*number <= columns_) {
      return *number - 1;
    }
    return MakeError(Reason::kColumnNotFound, {{DetailKey::kFile, name_},
                                               {DetailKey::kColumn, static_cast<std::uint64_t>(*number)},
                                               {DetailKey::kCount, static_cast<std::uint64_t>(columns_)}});
  }
  const auto found = std::find(header_.begin(), header_.end(), column.name());
  if (found == header_.end()) {
    std::vector<domain::Detail> details = {{DetailKey::kFile, name_},
                                           {DetailKey::kColumn, Printable(column.name())},
                                           {DetailKey::kCount, static_cast<std::uint64_t>(columns_)}};
    if (!std::all_of(header_.begin(), header_.end(), [](const std::string& name) { return domain::IsUtf8(name); })) {
      details.emplace_back(DetailKey::kHint, "the header is not UTF-8; name the column by its number");
    } else if (HeaderLooksLikeNames()) {
      std::string list = "the columns are:";
      for (std::size_t i = 0; i < header_.size() && list.size() < kLongestList; ++i) {
        list += (i == 0 ? " " : ", ") + Printable(header_[i]);
      }
      details.emplace_back(DetailKey::kHint, list.size() < kLongestList ? list : list.substr(0, kLongestList) + " ...");
    } else if (header_.empty()) {
      details.emplace_back(DetailKey::kHint, "without a header, columns are named by number");
    }
    return MakeError(Reason::kColumnNotFound, std::move(details));
  }
  if (std::find(found + 1, header_.end(), column.name()) != header_.end()) {
    return MakeError(Reason::kColumnDuplicate, {{DetailKey::kFile, name_},
                                                {DetailKey::kColumn, Printable(column.name())},
                                                {DetailKey::kHint, "name the column by its number"}});
  }
  return static_cast<std::size_t>(found - header_.begin());
}

}  // namespace kobling::client
