#include "client/identity_event_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "client/client_testing.h"
#include "client/files/identifier_scan.h"
#include "client/message_json.h"
#include "domain/error.h"

namespace kobling::client {
namespace {

using testing::ElementsAre;

constexpr const char* kHeader = "sequence;event;identifier;other;effective_date\n";

// "1 created 01839012345 <- 01839012353 (2026-11-22)", or the reason with the line and the field.
std::string TextOfEvent(const api::IdentityEvent& event) {
  std::string text = std::to_string(event.sequence()) + " " +
                     WordOf(*api::IdentityEventKind_descriptor()->FindValueByNumber(event.kind()));
  for (const std::string& identifier : event.identifiers()) {
    text += " " + identifier;
  }
  return text + (event.other().empty() ? "" : " <- " + event.other()) +
         (event.effective_date().empty() ? "" : " (" + event.effective_date() + ")");
}

std::vector<std::string> EventsOf(std::string_view content, IdentityEventFormat format) {
  const ClientTestFolder folder;
  const auto reader = IdentityEventReader::Open({.path = folder.Write("events", content)}, format);
  std::vector<std::string> events;
  api::IdentityEvent event;
  while (true) {
    const absl::StatusOr<bool> more = reader.ok() ? (*reader)->Next(event) : reader.status();
    if (!more.ok()) {
      std::string text(domain::InfoOf(*domain::ReasonOf(more.status())).name);
      for (const auto& [key, value] : domain::DetailsOf(more.status())) {
        text += key == "line" || key == "field" ? " " + value : "";
      }
      EXPECT_FALSE(IdentifierScan(more.status().ToString()).Next()) << "an error shows an identifier";
      EXPECT_NE(domain::WhereOf(more.status()).find("events"), std::string::npos) << "an error names its file";
      events.push_back(text);
      return events;
    }
    if (!*more) {
      return events;
    }
    events.push_back(TextOfEvent(event));
  }
}

std::vector<std::string> Csv(const std::string& rows) { return EventsOf(kHeader + rows, IdentityEventFormat::kCsv); }
std::vector<std::string> JsonLines(const std::string& lines) {
  return EventsOf(lines, IdentityEventFormat::kJsonLines);
}

TEST(IdentityEventFile, EveryKindIsReadFromBothFormats) {
  std::string rows;
  std::string lines;
  std::vector<std::string> expected;
  std::uint64_t sequence = 0;
  for (const std::string& word : WordsOf(*api::IdentityEventKind_descriptor())) {
    const bool has_other = word == "added" || word == "replaced" || word == "merged" || word == "split";
    const std::string number = std::to_string(++sequence);
    rows += number + ";" + word + ";01839012345;" + (has_other ? "55858570106" : "") + ";\n";
    lines += R"({"sequence":)" + number + R"(,"event":")" + word + R"(","identifier":"01839012345")" +
             (has_other ? R"(,"other":"55858570106"})" : "}") + "\n";
    expected.push_back(number + " " + word + " 01839012345" + (has_other ? " <- 55858570106" : ""));
  }
  EXPECT_EQ(sequence, 12U);
  EXPECT_EQ(Csv(rows), expected);
  EXPECT_EQ(JsonLines(lines), expected);
}

TEST(IdentityEventFile, ASplitMayHaveSeveralIdentifiers) {
  const std::string expected = "18446744073709551615 split 01839012353 01839012361 <- 01839012345 (2026-11-22)";
  EXPECT_THAT(Csv("18446744073709551615;split;01839012353 01839012361;01839012345;2026-11-22\n"),
              ElementsAre(expected));
  EXPECT_THAT(
      JsonLines(R"({"sequence":18446744073709551615,"event":"split","identifier":["01839012353","01839012361"],)"
                R"("other":"01839012345","effective_date":"2026-11-22"})"),
      ElementsAre(expected));
}

TEST(IdentityEventFile, QuotesLineEndingsAndAByteOrderMarkAreNoMatter) {
  EXPECT_THAT(
      EventsOf("\xEF\xBB\xBFsequence;event;identifier;other;effective_date\r\n\"1\";created;\"01839012345\";;\r\n",
               IdentityEventFormat::kCsv),
      ElementsAre("1 created 01839012345"));
  EXPECT_THAT(
      JsonLines("\xEF\xBB\xBF\n{ \"identifier\" : \"01839012345\", \"event\":\"created\",\"sequence\":1 }\r\n\n"),
      ElementsAre("1 created 01839012345"));
}

TEST(IdentityEventFile, WhatIsWrongIsSaidWithLineAndField) {
  const std::string right = "1;created;01839012345;;\n";
  for (const auto& [row, error] : std::vector<std::pair<std::string, std::string>>{
           {"0;created;01839012345;;", "IDENTITY_EVENT_MALFORMED 3 sequence"},
           {"02;created;01839012345;;", "IDENTITY_EVENT_MALFORMED 3 sequence"},
           {"+2;created;01839012345;;", "IDENTITY_EVENT_MALFORMED 3 sequence"},
           {"18446744073709551616;created;01839012345;;", "IDENTITY_EVENT_MALFORMED 3 sequence"},
           {";created;01839012345;;", "IDENTITY_EVENT_MALFORMED 3 sequence"},
           {"2;Created;01839012345;;", "IDENTITY_EVENT_MALFORMED 3 event"},
           {"2;;01839012345;;", "IDENTITY_EVENT_MALFORMED 3 event"},
           {"2;created;;;", "IDENTIFIER_EMPTY 3 identifier"},
           {"2;created;1839012345;;", "IDENTIFIER_LEADING_ZERO_LOST 3 identifier"},
           {"2;created;01839012345 01839012353;;", "IDENTITY_EVENT_MALFORMED 3 identifier"},
           {"2;created; ;;", "IDENTITY_EVENT_MALFORMED 3 identifier"},
           {"2;created; 01839012345;;", "IDENTITY_EVENT_MALFORMED 3 identifier"},
           {"2;created;01839012345 ;;", "IDENTITY_EVENT_MALFORMED 3 identifier"},
           {"2;split;01839012345  01839012353;01839012361;", "IDENTITY_EVENT_MALFORMED 3 identifier"},
           {"2;merged;01839012345; 01839012353;", "IDENTIFIER_NOT_ELEVEN_DIGITS 3 other"},
           {"2;split;01839012345,01839012353;01839012361;", "IDENTIFIER_NOT_ELEVEN_DIGITS 3 identifier"},
           {"2;created;01839012345;01839012353;", "IDENTITY_EVENT_MALFORMED 3 other"},
           {"2;merged;01839012345;;", "IDENTITY_EVENT_MALFORMED 3 other"},
           {"2;merged;01839012345;018390123;", "IDENTIFIER_NOT_ELEVEN_DIGITS 3 other"},
           {"2;created;01839012345;;22.11.2026", "IDENTITY_EVENT_MALFORMED 3 effective_date"},
           {"2;created;01839012345;;2026-02-30", "IDENTITY_EVENT_MALFORMED 3 effective_date"},
           {"2;created;01839012345;", "FILE_MALFORMED 3"}}) {
    EXPECT_THAT(Csv(right + row + "\n"), ElementsAre("1 created 01839012345", error)) << row;
  }
  EXPECT_THAT(EventsOf("event;sequence;identifier;other;effective_date\n", IdentityEventFormat::kCsv),
              ElementsAre("FILE_MALFORMED 1"));
  EXPECT_THAT(EventsOf("sequence;event;identifier;other\n", IdentityEventFormat::kCsv),
              ElementsAre("FILE_MALFORMED 1"));
}

TEST(IdentityEventFile, TheHintIsAboutThisKindOfFile) {
  const auto hint = [](std::string_view content, IdentityEventFormat format) -> std::string {
    const ClientTestFolder folder;
    const auto reader = IdentityEventReader::Open({.path = folder.Write("events", content)}, format);
    api::IdentityEvent event;
    const absl::Status status = reader.ok() ? (*reader)->Next(event).status() : reader.status();
    for (const auto& [key, value] : domain::DetailsOf(status)) {
      if (key == "hint") {
        return value;
      }
    }
    return "none";
  };
  const std::string json = R"({"sequence":1,"event":"created","identifier":"01839012345"})";
  const std::string row = "1;created;01839012345;;\n";
  EXPECT_EQ(hint(row, IdentityEventFormat::kCsv),
            "the first line must be sequence;event;identifier;other;effective_date");
  EXPECT_EQ(hint(json, IdentityEventFormat::kCsv), "this looks like JSON lines; say --file-format jsonl");
  EXPECT_EQ(hint(kHeader + row, IdentityEventFormat::kJsonLines), "this looks like CSV; say --file-format csv");
  EXPECT_EQ(hint(kHeader + std::string("0;created;01839012345;;\n"), IdentityEventFormat::kCsv),
            "a whole number from 1 to 2^64-1 is expected, without sign, spaces or leading zeros");
  EXPECT_EQ(hint(kHeader + std::string("1;created; 01839012345;;\n"), IdentityEventFormat::kCsv),
            "a space stands before, after or next to another space; one space separates identifiers");
}

TEST(IdentityEventFile, AFileWithoutALineIsEmptyAndOneWithoutAnEventIsNot) {
  for (const IdentityEventFormat format : {IdentityEventFormat::kCsv, IdentityEventFormat::kJsonLines}) {
    EXPECT_THAT(EventsOf("", format), ElementsAre("FILE_EMPTY"));
    EXPECT_THAT(EventsOf("\n\n", format), ElementsAre("FILE_EMPTY"));
  }
  EXPECT_THAT(Csv(""), testing::IsEmpty());
}

TEST(IdentityEventFile, LinesOfJsonHaveOneSpelling) {
  const std::string right = R"({"sequence":1,"event":"created","identifier":"01839012345"})" + std::string("\n");
  for (const auto& [line, error] : std::vector<std::pair<std::string, std::string>>{
           {R"([1,"created","01839012345"])", "IDENTITY_EVENT_MALFORMED 2 line"},
           {R"({"sequence":2,"event":"created")", "IDENTITY_EVENT_MALFORMED 2 line"},
           {R"({} {})", "IDENTITY_EVENT_MALFORMED 2 line"},
           {R"({"sequence":2,"sequence":3,"event":"created","identifier":"01839012345"})",
            "IDENTITY_EVENT_MALFORMED 2 line"},
           {R"({"sequence":2,"event":"created","identifier":"01839012345","01839012353":""})",
            "IDENTITY_EVENT_MALFORMED 2 line"},
           {R"({"event":"created","identifier":"01839012345"})", "IDENTITY_EVENT_MALFORMED 2 sequence"},
           {R"({"sequence":"2","event":"created","identifier":"01839012345"})", "IDENTITY_EVENT_MALFORMED 2 sequence"},
           {R"({"sequence":2.0,"event":"created","identifier":"01839012345"})", "IDENTITY_EVENT_MALFORMED 2 sequence"},
           {R"({"sequence":0,"event":"created","identifier":"01839012345"})", "IDENTITY_EVENT_MALFORMED 2 sequence"},
           {R"({"sequence":2,"event":1,"identifier":"01839012345"})", "IDENTITY_EVENT_MALFORMED 2 event"},
           {R"({"sequence":2,"identifier":"01839012345"})", "IDENTITY_EVENT_MALFORMED 2 event"},
           {R"({"sequence":2,"event":"created"})", "IDENTIFIER_EMPTY 2 identifier"},
           {R"({"sequence":2,"event":"created","identifier":1839012345})", "IDENTITY_EVENT_MALFORMED 2 identifier"},
           {R"({"sequence":2,"event":"created","identifier":["01839012345"]})",
            "IDENTITY_EVENT_MALFORMED 2 identifier"},
           {R"({"sequence":2,"event":"split","identifier":[],"other":"01839012345"})",
            "IDENTITY_EVENT_MALFORMED 2 identifier"},
           {R"({"sequence":2,"event":"split","identifier":[1],"other":"01839012345"})",
            "IDENTITY_EVENT_MALFORMED 2 identifier"},
           {R"({"sequence":2,"event":"split","identifier":"01839012345 01839012353","other":"01839012361"})",
            "IDENTIFIER_NOT_ELEVEN_DIGITS 2 identifier"},
           {R"({"sequence":2,"event":"merged","identifier":"01839012345","other":null})",
            "IDENTITY_EVENT_MALFORMED 2 other"},
           {R"({"sequence":2,"event":"created","identifier":"01839012345","effective_date":20261122})",
            "IDENTITY_EVENT_MALFORMED 2 effective_date"}}) {
    EXPECT_THAT(JsonLines(right + line + "\n"), ElementsAre("1 created 01839012345", error)) << line;
  }
}

// The examples of the page, and that both formats say the same.
TEST(IdentityEventFile, TheExamplesOfThePageAreRead) {
  std::ostringstream page;
  page << std::ifstream(KOBLING_SOURCE_DIR "/docs/formats/identity-events.md").rdbuf();
  const auto block = [text = page.str()](const std::string& beginning) {
    const std::size_t begin = text.find("```\n" + beginning);
    EXPECT_NE(begin, std::string::npos) << beginning;
    return begin == std::string::npos ? "" : text.substr(begin + 4, text.find("```", begin + 4) - begin - 4);
  };
  const auto from_csv = EventsOf(block(kHeader), IdentityEventFormat::kCsv);
  EXPECT_EQ(from_csv, JsonLines(block("{\"sequence\":")));
  EXPECT_EQ(from_csv.size(), 14U) << "every kind";
}

}  // namespace
}  // namespace kobling::client
