// kobling_vectors FOLDER: writes the worked examples of docs/formats into FOLDER, which is docs/formats/vectors.
#include <fstream>
#include <iostream>
#include <string>

#include "crypto/secret_memory.h"
#include "crypto/vectors.h"

namespace {

bool WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) {
    std::cerr << "kobling_vectors: cannot write " << path << '\n';
  }
  return static_cast<bool>(file);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: kobling_vectors FOLDER\n";
    return 2;
  }
  const auto arena = kobling::crypto::SecretArena::Create(4096);
  if (!arena.ok()) {
    std::cerr << "kobling_vectors: " << arena.status() << '\n';
    return 1;
  }
  const auto derivations = kobling::crypto::DerivationVectors(**arena);
  if (!derivations.ok()) {
    std::cerr << "kobling_vectors: " << derivations.status() << '\n';
    return 1;
  }
  const auto kek = kobling::crypto::KekVectors(**arena);
  if (!kek.ok()) {
    std::cerr << "kobling_vectors: " << kek.status() << '\n';
    return 1;
  }
  const std::string folder = argv[1];
  const bool written = WriteFile(folder + "/derivations.json", *derivations) && WriteFile(folder + "/kek.json", *kek) &&
                       WriteFile(folder + "/events-tree.json", kobling::crypto::EventsTreeVectors());
  return written ? 0 : 1;
}
