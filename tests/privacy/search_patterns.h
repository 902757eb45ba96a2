// The forms in which an identifier or a løpenummer could stand in a file.
#pragma once

#include <cstdint>
#include <string>

#include "domain/lopenummer.h"
#include "tests/privacy/byte_search.h"

namespace kobling::tests {

// Most significant byte first.
std::string PackedBytes(std::uint64_t value, int bytes);

// The texts, and the two forms of one number in which programs keep identifiers.
void AddIdentifier(const std::string& digits, ByteSearch& search);

void AddLopenummer(const domain::Lopenummer& lopenummer, ByteSearch& search);

}  // namespace kobling::tests
