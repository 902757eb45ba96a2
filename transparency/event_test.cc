#include "transparency/event.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>

#include "domain/big_endian.h"
#include "domain/error.h"

namespace kobling::transparency {
namespace {

using domain::Reason;
using domain::ReasonOf;

// The worked example of docs/formats/events.md.
Event Example() {
  Event event;
  event.time = absl::FromUnixMicros(1'774'000'000'123'456);
  event.actor = "kari.berg";
  event.role = "key-officer";
  event.operation = "keyfile.issue";
  event.project = "P0041";
  event.register_id = "NPR";
  event.object = "keyfile 7";
  event.request_id = "2f1e6c1a-5f3b-4d09-9a41-0c4be2d0a7f1";
  event.counts = {{"rows", 300}};
  event.changes = {{"state", "", "ISSUED"}};
  return event;
}

// Every field filled in.
Event Full() {
  Event event = Example();
  event.result = "PROJECT_ENDED";
  event.purpose = "citizen's own request";
  event.reason = "årlig\noppdatering";
  event.subject = std::string(
      "\0\1\2\xff"
      "0123456789ab",
      16);
  event.counts = {{"rows", 0xffffffffffffffffULL}, {"", 0}, {"rows", 1}};
  event.changes = {{"title", "før", "etter"}, {"", "", ""}, {"title", "før", "etter"}};
  return event;
}

void ExpectRefused(std::string_view bytes) { EXPECT_EQ(ReasonOf(DecodeEvent(bytes).status()), Reason::kRecordCorrupt); }

TEST(Event, ComesBackAsItWas) {
  Event empty;
  empty.time = absl::UnixEpoch();
  empty.result.clear();
  Event before_the_epoch = empty;
  before_the_epoch.time = absl::FromUnixMicros(-1);
  for (const Event& event : {Example(), Full(), empty, before_the_epoch}) {
    const auto decoded = DecodeEvent(EncodeEvent(event));
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_TRUE(*decoded == event);
  }
}

TEST(Event, TimeIsKeptToTheMicrosecond) {
  Event event = Example();
  event.time += absl::Nanoseconds(789);
  EXPECT_EQ(EncodeEvent(event), EncodeEvent(Example()));
}

TEST(Event, EachFieldChangesTheBytes) {
  std::vector<Event> others(13, Full());
  others[0].time += absl::Microseconds(1);
  others[1].actor += "x";
  others[2].role += "x";
  others[3].operation += "x";
  others[4].result += "x";
  others[5].purpose += "x";
  others[6].project += "x";
  others[7].register_id += "x";
  others[8].object += "x";
  others[9].reason += "x";
  others[10].request_id += "x";
  others[11].subject += "x";
  std::swap(others[12].counts[0], others[12].counts[1]);
  for (std::size_t i = 0; i < others.size(); ++i) {
    EXPECT_NE(EncodeEvent(others[i]), EncodeEvent(Full())) << i;
  }
}

TEST(Event, FurtherReferencesAreNotInTheBytes) {
  Event event = Full();
  event.other_subjects = {"0123456789abcdef"};
  EXPECT_EQ(EncodeEvent(event), EncodeEvent(Full()));
}

TEST(Event, ATextCannotMoveIntoTheFieldBesideIt) {
  Event one = Example();
  Event two = Example();
  one.actor = "ab";
  one.role = "c";
  two.actor = "a";
  two.role = "bc";
  EXPECT_NE(EncodeEvent(one), EncodeEvent(two));
  one = Example();
  two = Example();
  one.changes = {{"ab", "c", ""}};
  two.changes = {{"a", "bc", ""}};
  EXPECT_NE(EncodeEvent(one), EncodeEvent(two));
}

TEST(Event, AnyChangedByteIsRefusedOrAnotherEvent) {
  const Event event = Full();
  const std::string bytes = EncodeEvent(event);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (int change = 1; change < 256; ++change) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ change);
      const auto decoded = DecodeEvent(changed);
      if (decoded.ok()) {
        EXPECT_FALSE(*decoded == event) << "byte " << i;
        EXPECT_EQ(EncodeEvent(*decoded), changed) << "byte " << i;
      } else {
        EXPECT_EQ(ReasonOf(decoded.status()), Reason::kRecordCorrupt);
      }
    }
  }
}

TEST(Event, CutAndLengthenedBytesAreRefusedOrAnotherEvent) {
  const Event event = Full();
  const std::string bytes = EncodeEvent(event);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    if (const auto decoded = DecodeEvent(bytes.substr(0, size)); decoded.ok()) {
      EXPECT_FALSE(*decoded == event);
      EXPECT_EQ(EncodeEvent(*decoded), bytes.substr(0, size));
    }
  }
  ExpectRefused("");
  ExpectRefused(bytes + '\0');
  ExpectRefused(bytes + bytes);
}

TEST(Event, OtherSpellingsOfTheSameEventAreRefused) {
  const std::string time = EncodeEvent([] {
    Event event;
    event.time = absl::UnixEpoch();
    event.result.clear();
    return event;
  }());
  const std::string actor("\2\0\0\0\1a", 6);
  const std::string role("\3\0\0\0\1b", 6);
  EXPECT_TRUE(DecodeEvent(time + actor + role).ok());
  ExpectRefused(time + role + actor);                    // not in the order of the tags
  ExpectRefused(time + actor + actor);                   // twice
  ExpectRefused(time + std::string("\2\0\0\0\0", 5));    // an empty text is left out
  ExpectRefused(std::string("\1", 1));                   // no time
  ExpectRefused(time + time.substr(1));                  // two times
  ExpectRefused(time + std::string("\15\0\0\0\1a", 6));  // tag 13 has no meaning
  ExpectRefused(time + std::string("\0\0\0\0\1a", 6));   // nor has 0
  ExpectRefused(time + std::string("\24\0\0\0\1a", 6));  // a count without its number
  ExpectRefused(time + std::string("\25\0\0\0\1a", 6));  // a change without its texts
  ExpectRefused(time + std::string("\2\xff\xff\xff\xff", 5) + "a");
  ExpectRefused("\2" + time.substr(1));  // version 2
}

TEST(Event, RandomBytesNeverDoMoreThanBeRefused) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const std::string bytes = EncodeEvent(Full());
  for (int i = 0; i < 20'000; ++i) {
    std::string mutated = bytes;
    for (int j = 0; j < 3; ++j) {
      mutated[random() % mutated.size()] = static_cast<char>(random());
    }
    mutated.erase(random() % mutated.size(), random() % 4);
    if (const auto decoded = DecodeEvent(mutated); decoded.ok()) {
      EXPECT_EQ(EncodeEvent(*decoded), mutated);
    }
  }
}

TEST(EventFormat, TheWorkedExampleOfTheDocumentIsWhatTheCodeWrites) {
  std::ifstream stream(std::string(KOBLING_SOURCE_DIR) + "/docs/formats/events.md");
  ASSERT_TRUE(stream.good());
  std::string hexadecimal;
  enum class Part { kBefore, kInside, kAfter } part = Part::kBefore;
  for (std::string line; std::getline(stream, line) && part != Part::kAfter;) {
    if (part == Part::kBefore) {
      part = line == "```hex" ? Part::kInside : Part::kBefore;
    } else if (line == "```") {
      part = Part::kAfter;
    } else {
      std::string bytes = line.substr(0, line.find('|'));
      std::erase(bytes, ' ');
      hexadecimal += bytes;
    }
  }
  std::string expected;
  for (const char c : EncodeEvent(Example())) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    expected.push_back(kDigits[static_cast<std::uint8_t>(c) >> 4]);
    expected.push_back(kDigits[static_cast<std::uint8_t>(c) & 15]);
  }
  EXPECT_EQ(hexadecimal, expected);
}

}  // namespace
}  // namespace kobling::transparency
