// JSON as tokens and key files hold it, read without mercy: what two readers could understand differently is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kobling::server {

// A value. Its texts are wiped when it is destroyed, for claims name persons. Move-only, and cannot be printed.
class Json {
 public:
  struct Member;
  using Array = std::vector<Json>;
  using Object = std::vector<Member>;

  // Nesting beyond this is refused; tokens and key files need four.
  static constexpr std::size_t kMaxDepth = 8;
  // So is an object of more members: each is compared with those before it.
  static constexpr std::size_t kMaxMembers = 256;

  // Nothing unless `text` is one JSON object in UTF-8 with nothing around it but white space: no member twice in one
  // object, the two limits above, no zero character in a text, no comment, no byte order mark.
  static std::optional<Json> ParseObject(std::string_view text);

  Json() = default;
  Json(Json&& other) noexcept = default;
  Json& operator=(Json&& other) noexcept = default;
  ~Json();

  // The value if it is of that kind, else null or nothing. A number counts only if it is written as a whole one and is
  // not negative.
  const std::string* text() const { return std::get_if<std::string>(&value_); }
  const Array* array() const { return std::get_if<Array>(&value_); }
  const Object* object() const { return std::get_if<Object>(&value_); }
  std::optional<std::uint64_t> whole_number() const;

  // The member of an object; null if there is none, or if this is no object.
  const Json* Find(std::string_view name) const;
  // The text of a member; null also if the member is no text.
  const std::string* FindText(std::string_view name) const;

 private:
  friend class JsonBuilder;
  // What is neither text, list nor object, and no whole number: nothing of it is ever asked for.
  struct Other {};

  std::variant<Other, std::uint64_t, std::string, Array, Object> value_;
};

struct Json::Member {
  std::string name;
  Json value;
};

// Overwrites the text and all the room that it has, then empties it.
void WipeText(std::string& text);

}  // namespace kobling::server
