#include "server/tokens/strict_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "crypto/secret_memory.h"

namespace kobling::server {

using Events = nlohmann::json_sax<nlohmann::json>;

// Takes the parser's events and refuses, by answering false, what the parser itself would let pass.
class JsonBuilder final : public Events {
 public:
  explicit JsonBuilder(Json& root) : root_(root) {}

  bool null() override { return Add(Json()); }
  bool boolean(bool) override { return Add(Json()); }
  bool number_integer(number_integer_t) override { return Add(Json()); }
  bool number_float(number_float_t, const string_t&) override { return Add(Json()); }
  bool number_unsigned(number_unsigned_t number) override {
    Json value;
    value.value_ = std::uint64_t{number};
    return Add(std::move(value));
  }
  bool string(string_t& text) override {
    Json value;
    value.value_ = text;
    WipeText(text);  // the parser's own copy
    return !HoldsZero(*value.text()) && Add(std::move(value));
  }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override { return Open(Json::Object()); }
  bool end_object() override { return Close(); }
  bool start_array(std::size_t) override { return Open(Json::Array()); }
  bool end_array() override { return Close(); }
  bool key(string_t& name) override {
    auto& members = std::get<Json::Object>(open_.back()->value_);
    const bool is_new =
        std::none_of(members.begin(), members.end(), [&](const Json::Member& member) { return member.name == name; });
    if (!is_new || members.size() == Json::kMaxMembers || HoldsZero(name)) {
      return false;
    }
    members.push_back({.name = name, .value = Json()});
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

 private:
  // Other readers, written in C, would end the text there.
  static bool HoldsZero(const std::string& text) { return text.find('\0') != std::string::npos; }

  // Puts a value where the text has come to: the whole, the newest member of an object, or the end of a list.
  Json& Place(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return root_;
    }
    if (auto* array = std::get_if<Json::Array>(&open_.back()->value_)) {
      array->push_back(std::move(value));
      return array->back();
    }
    Json& member = std::get<Json::Object>(open_.back()->value_).back().value;
    member = std::move(value);
    return member;
  }
  bool Add(Json value) {
    Place(std::move(value));
    return true;
  }
  template <typename Container>
  bool Open(Container container) {
    if (open_.size() == Json::kMaxDepth) {
      return false;
    }
    Json value;
    value.value_ = std::move(container);
    // The place stays where it is: what holds it grows only after it is closed.
    Json& place = Place(std::move(value));
    open_.push_back(&place);
    return true;
  }
  bool Close() {
    open_.pop_back();
    return true;
  }

  Json& root_;
  std::vector<Json*> open_;
};

std::optional<Json> Json::ParseObject(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  Json root;
  JsonBuilder builder(root);
  if (text.starts_with(kByteOrderMark) || !nlohmann::json::sax_parse(text.begin(), text.end(), &builder) ||
      root.object() == nullptr) {
    return std::nullopt;
  }
  return root;
}

Json::~Json() {
  if (auto* text = std::get_if<std::string>(&value_)) {
    WipeText(*text);
  }
}

std::optional<std::uint64_t> Json::whole_number() const {
  const auto* number = std::get_if<std::uint64_t>(&value_);
  return number == nullptr ? std::nullopt : std::optional<std::uint64_t>(*number);
}

const Json* Json::Find(std::string_view name) const {
  const Object* members = object();
  if (members == nullptr) {
    return nullptr;
  }
  const auto found =
      std::find_if(members->begin(), members->end(), [&](const Member& member) { return member.name == name; });
  return found == members->end() ? nullptr : &found->value;
}

const std::string* Json::FindText(std::string_view name) const {
  const Json* member = Find(name);
  return member == nullptr ? nullptr : member->text();
}

void WipeText(std::string& text) {
  // A text that was shorter before, or was moved away, may still have bytes beyond its end.
  text.resize(text.capacity());
  crypto::Wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  text.clear();
}

}  // namespace kobling::server
