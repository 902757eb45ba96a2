#include "crypto/vectors.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "crypto/crypto_testing.h"

namespace kobling::crypto {
namespace {

std::string Committed(const std::string& name) {
  std::ifstream file(std::string(KOBLING_VECTORS_DIR) + "/" + name, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// If one of these fails, a format has changed: numbers that registers hold would no longer be found. Mend the code, not
// the file.
TEST(Vectors, DerivationsAreThoseOfTheDocumentation) {
  const auto arena = NewTestArena();
  const auto computed = DerivationVectors(*arena);
  ASSERT_TRUE(computed.ok()) << computed.status();
  EXPECT_TRUE(*computed == Committed("derivations.json")) << *computed;
}

TEST(Vectors, KeksAreThoseOfTheDocumentation) {
  const auto arena = NewTestArena();
  const auto computed = KekVectors(*arena);
  ASSERT_TRUE(computed.ok()) << computed.status();
  EXPECT_TRUE(*computed == Committed("kek.json")) << *computed;
}

TEST(Vectors, TheEventsTreeIsThatOfTheDocumentation) {
  EXPECT_TRUE(EventsTreeVectors() == Committed("events-tree.json")) << EventsTreeVectors();
}

}  // namespace
}  // namespace kobling::crypto
