// Random bytes from the operating system's generator, by way of libsodium.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace kobling::crypto {

// Fills the memory with random bytes. Works before any other function of this folder. Safe from several threads.
void FillRandom(std::span<std::uint8_t> out);

// A new request id: a random UUID (version 4) in lower-case hexadecimal with hyphens, 36 characters.
std::string NewRequestId();

}  // namespace kobling::crypto
