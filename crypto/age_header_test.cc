#include "crypto/age_header.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "domain/error.h"

namespace kobling::crypto {
namespace {

using domain::Reason;
using domain::ReasonOf;

// From the age specification.
constexpr std::string_view kHeader =
    "age-encryption.org/v1\n"
    "-> X25519 XEl0dJ6y3C7KZkgmgWUicg63EyXJiwBJW8PdYJ/cYBE\n"
    "qRS0AMjdjPvZ/WT08U2KL4G+PIooA3hy38SvLpvaC1E\n"
    "--- HK2NmOBN9Dpq0Gw6xMCuhFcQlQLvZ/wQUi/2scLG75s\n";

constexpr std::string_view kMacLine = "--- HK2NmOBN9Dpq0Gw6xMCuhFcQlQLvZ/wQUi/2scLG75s\n";
constexpr std::string_view kLine64 = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

std::string WithStanzas(std::string_view stanzas) {
  return "age-encryption.org/v1\n" + std::string(stanzas) + std::string(kMacLine);
}

void ExpectRefused(std::string_view header) {
  const absl::StatusOr<AgeHeader> parsed = ParseAgeHeader(header);
  EXPECT_EQ(ReasonOf(parsed.status()), Reason::kKeyFileAltered) << header;
}

TEST(AgeHeader, OfTheSpecificationIsReadAndWrittenAgain) {
  const absl::StatusOr<AgeHeader> header = ParseAgeHeader(kHeader);
  ASSERT_TRUE(header.ok()) << header.status();
  ASSERT_EQ(header->stanzas.size(), 1u);
  EXPECT_EQ(header->stanzas[0].arguments,
            (std::vector<std::string>{"X25519", "XEl0dJ6y3C7KZkgmgWUicg63EyXJiwBJW8PdYJ/cYBE"}));
  EXPECT_EQ(header->stanzas[0].body.size(), 32u);
  EXPECT_EQ(AgeHeaderText(header->stanzas), header->authenticated);
  EXPECT_EQ(header->authenticated + AgeHeaderEnd(header->mac), kHeader);
}

TEST(AgeHeader, StanzasOfOtherKindsAreReadWithAnyBodyLength) {
  const std::string line64(kLine64);
  for (const auto& [body, size] :
       std::vector<std::pair<std::string, std::size_t>>{{"\n", 0},
                                                        {"AA\n", 1},
                                                        {line64 + "\n\n", 48},
                                                        {line64 + "\nAAA\n", 50},
                                                        {line64 + "\n" + line64 + "\n\n", 96}}) {
    const std::string header = WithStanzas("-> example.org/!~ a b\n" + body);
    const absl::StatusOr<AgeHeader> parsed = ParseAgeHeader(header);
    ASSERT_TRUE(parsed.ok()) << header;
    EXPECT_EQ(parsed->stanzas[0].arguments.size(), 3u);
    EXPECT_EQ(parsed->stanzas[0].body.size(), size);
    EXPECT_EQ(AgeHeaderText(parsed->stanzas) + AgeHeaderEnd(parsed->mac), header);
  }
}

TEST(AgeHeader, AnyOtherSpellingIsRefused) {
  const std::string line64(kLine64);
  ExpectRefused(WithStanzas(""));                          // no recipient
  ExpectRefused(WithStanzas("->\n\n"));                    // no argument
  ExpectRefused(WithStanzas("-> \n\n"));                   // an empty argument
  ExpectRefused(WithStanzas("-> a  b\n\n"));               // likewise
  ExpectRefused(WithStanzas("-> a \n\n"));                 // likewise
  ExpectRefused(WithStanzas("-> a\tb\n\n"));               // not visible
  ExpectRefused(WithStanzas("-> a\xc3\xa5\n\n"));          // not ASCII
  ExpectRefused(WithStanzas("-> a\r\n\n"));                // carriage return
  ExpectRefused(WithStanzas("--> a\n\n"));                 // wrong mark
  ExpectRefused(WithStanzas("-> a\n"));                    // no body
  ExpectRefused(WithStanzas("-> a\n" + line64 + "\n"));    // no last line
  ExpectRefused(WithStanzas("-> a\n" + line64 + "AA\n"));  // line too long
  ExpectRefused(WithStanzas("-> a\nAA\nAA\n"));            // two short lines
  ExpectRefused(WithStanzas("-> a\nAB\n"));                // stray bits
  ExpectRefused(WithStanzas("-> a\nAA==\n"));              // padding
  ExpectRefused(WithStanzas("-> a\nA*\n"));                // alphabet
  ExpectRefused(std::string(kHeader) + "more");
  ExpectRefused(kHeader.substr(0, kHeader.size() - 1));
  std::string changed(kHeader);
  changed[changed.size() - 2] = 't';  // stray bits in the code
  ExpectRefused(changed);
}

TEST(AgeHeader, SizeIsFoundAsSoonAsTheHeaderIsWhole) {
  const std::string file = std::string(kHeader) + "payload with \n--- in it";
  for (std::size_t size = 0; size < kHeader.size(); ++size) {
    const auto found = FindAgeHeaderSize(std::string_view(file).substr(0, size));
    ASSERT_TRUE(found.ok()) << size;
    EXPECT_EQ(*found, std::nullopt) << size;
  }
  for (std::size_t size = kHeader.size(); size <= file.size(); ++size) {
    EXPECT_EQ(*FindAgeHeaderSize(std::string_view(file).substr(0, size)), kHeader.size());
  }
}

TEST(AgeHeader, FileOfAnotherFormatIsRefusedAtItsFirstWrongByte) {
  EXPECT_EQ(ReasonOf(FindAgeHeaderSize("f").status()), Reason::kKeyFileAltered);
  EXPECT_EQ(ReasonOf(FindAgeHeaderSize("age-encryption.org/v2\n").status()), Reason::kKeyFileAltered);
  EXPECT_EQ(ReasonOf(FindAgeHeaderSize("-----BEGIN AGE ENCRYPTED FILE-----\n").status()), Reason::kKeyFileAltered);
}

TEST(AgeHeader, EndlessHeaderIsRefused) {
  std::string endless = "age-encryption.org/v1\n";
  while (endless.size() < kMaxAgeHeaderBytes) {
    endless += "-> a\n\n";
  }
  EXPECT_EQ(ReasonOf(FindAgeHeaderSize(endless).status()), Reason::kKeyFileAltered);
}

}  // namespace
}  // namespace kobling::crypto
