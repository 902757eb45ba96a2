#include "storage/directory.h"

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>

#include "domain/big_endian.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::storage {
namespace {

constexpr std::string_view kHighWaterKey = "directory/next";
constexpr std::size_t kPackedBytes = 5;  // an identifier is below 10^11, which is below 2^37
constexpr std::size_t kPublishSlice = 4096;

absl::Status Corrupt(std::string_view hint) {
  return domain::MakeError(domain::Reason::kRecordCorrupt, {{domain::DetailKey::kHint, hint}});
}

std::string BlockKey(std::uint32_t last) {
  std::string key;
  domain::AppendBigEndian(key, last);
  return key;
}

std::string SealedAs(std::string_view key) {
  return "kobling/v1/identifiers" + std::string(1, '\0') + std::string(key);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Directory>> Directory::Open(const Reader& store, crypto::IdentityIndex index,
                                                           crypto::RecordSealer sealer) {
  std::unique_ptr<Directory> directory(new Directory(store, std::move(index), std::move(sealer)));
  KOBLING_RETURN_IF_ERROR(directory->Load());
  return directory;
}

absl::Status Directory::OpenBlock(std::string_view key, std::string_view sealed,
                                  std::vector<domain::NationalId>& identifiers, std::uint32_t& first) const {
  if (key.size() != sizeof(std::uint32_t)) {
    return Corrupt("a block of identifiers has a wrong key");
  }
  const std::string associated = SealedAs(key);
  KOBLING_ASSIGN_OR_RETURN(std::string packed, sealer_.Open(sealed, {associated}));
  const std::size_t count = packed.size() / kPackedBytes;
  const std::uint32_t last = domain::ReadBigEndian<std::uint32_t>(key);
  if (count == 0 || packed.size() % kPackedBytes != 0 || count > std::uint64_t{last} + 1) {
    return Corrupt("a block of identifiers has a wrong length");
  }
  first = last - static_cast<std::uint32_t>(count - 1);
  identifiers.clear();
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t value = 0;
    for (std::size_t j = 0; j < kPackedBytes; ++j) {
      value = (value << 8) | static_cast<std::uint8_t>(packed[i * kPackedBytes + j]);
    }
    KOBLING_ASSIGN_OR_RETURN(const domain::NationalId identifier, domain::NationalId::FromPacked(value));
    identifiers.push_back(identifier);
  }
  crypto::Wipe(std::span(reinterpret_cast<std::uint8_t*>(packed.data()), packed.size()));
  return absl::OkStatus();
}

absl::Status Directory::Load() {
  KOBLING_ASSIGN_OR_RETURN(const auto mark, store_.Get(Family::kMeta, kHighWaterKey));
  if (mark.has_value()) {
    if (mark->size() != sizeof(std::uint32_t)) {
      return Corrupt("the directory's high-water mark has a wrong length");
    }
    next_ = domain::ReadBigEndian<std::uint32_t>(*mark);
  }
  index_.Reserve(next_);
  KOBLING_ASSIGN_OR_RETURN(const auto rows, store_.Scan(Family::kIdentifiers, KeyRange::All()));
  std::vector<domain::NationalId> identifiers;
  std::vector<crypto::Tag> tags;
  std::uint32_t expected = 0;
  for (; rows->Valid(); rows->Next()) {
    std::uint32_t first = 0;
    KOBLING_RETURN_IF_ERROR(OpenBlock(rows->key(), rows->value(), identifiers, first));
    if (first != expected) {
      return Corrupt("blocks of identifiers overlap or are missing");
    }
    tags.resize(identifiers.size());
    identity_index_.TagsOf(identifiers, tags);
    for (const crypto::Tag& tag : tags) {
      index_.Insert(tag, expected++);
    }
  }
  KOBLING_RETURN_IF_ERROR(rows->status());
  if (expected != next_) {
    return Corrupt("the directory does not end at its high-water mark");
  }
  return absl::OkStatus();
}

void Directory::TagsOf(std::span<const domain::NationalId> identifiers, std::span<crypto::Tag> tags) const {
  identity_index_.TagsOf(identifiers, tags);
}

void Directory::Find(std::span<const crypto::Tag> tags, std::span<std::uint32_t> numbers) const {
  const std::shared_lock lock(mutex_);
  index_.Find(tags, numbers);
}

absl::StatusOr<Allotment> Directory::Allot(std::span<const NewIdentifier> identifiers, WriteBatch& batch) const {
  Allotment allotment;
  {
    const std::shared_lock lock(mutex_);
    allotment.first = next_;
  }
  if (identifiers.empty()) {
    return allotment;
  }
  if (identifiers.size() >= std::size_t{kAbsent} - allotment.first) {
    return domain::MakeError(domain::Reason::kInternal,
                             {{domain::DetailKey::kHint, "all identifier numbers are in use"}});
  }
  allotment.tags.reserve(identifiers.size());
  for (std::size_t begin = 0; begin < identifiers.size(); begin += kBlockIdentifiers) {
    const auto block = identifiers.subspan(begin, std::min<std::size_t>(kBlockIdentifiers, identifiers.size() - begin));
    std::string packed;
    packed.reserve(block.size() * kPackedBytes);
    for (const NewIdentifier& entry : block) {
      for (int shift = 32; shift >= 0; shift -= 8) {
        packed.push_back(static_cast<char>(static_cast<std::uint8_t>(entry.identifier.packed() >> shift)));
      }
      allotment.tags.push_back(entry.tag);
    }
    const std::string key = BlockKey(allotment.first + static_cast<std::uint32_t>(allotment.tags.size() - 1));
    const std::string associated = SealedAs(key);
    batch.Put(Family::kIdentifiers, key, sealer_.Seal(packed, {associated}));
    crypto::Wipe(std::span(reinterpret_cast<std::uint8_t*>(packed.data()), packed.size()));
  }
  std::string mark;
  domain::AppendBigEndian(mark, allotment.first + static_cast<std::uint32_t>(allotment.tags.size()));
  batch.Put(Family::kMeta, kHighWaterKey, std::move(mark));
  return allotment;
}

void Directory::Publish(const Allotment& allotment) {
  std::uint32_t number = allotment.first;
  for (std::size_t begin = 0; begin < allotment.tags.size(); begin += kPublishSlice) {
    const std::unique_lock lock(mutex_);
    if (begin == 0) {
      index_.Reserve(index_.size() + allotment.tags.size());
    }
    const std::size_t end = std::min(begin + kPublishSlice, allotment.tags.size());
    for (std::size_t i = begin; i < end; ++i) {
      index_.Insert(allotment.tags[i], number++);
    }
    next_ = number;
  }
}

absl::Status Directory::ForEach(
    const NumberSet& numbers,
    const std::function<void(domain::IdentifierNumber, const domain::NationalId&)>& visit) const {
  if (numbers.isEmpty()) {
    return absl::OkStatus();
  }
  KeyRange range;
  range.begin = BlockKey(numbers.minimum());  // the first block whose last number is not below the set
  KOBLING_ASSIGN_OR_RETURN(const auto rows, store_.Scan(Family::kIdentifiers, range));
  std::vector<domain::NationalId> identifiers;
  auto wanted = numbers.begin();
  for (; rows->Valid() && wanted != numbers.end(); rows->Next()) {
    if (rows->key().size() != sizeof(std::uint32_t)) {
      return Corrupt("a block of identifiers has a wrong key");
    }
    const std::uint32_t last = domain::ReadBigEndian<std::uint32_t>(rows->key());
    if (*wanted > last) {
      continue;
    }
    std::uint32_t first = 0;
    KOBLING_RETURN_IF_ERROR(OpenBlock(rows->key(), rows->value(), identifiers, first));
    for (; wanted != numbers.end() && *wanted <= last; ++wanted) {
      if (*wanted < first) {
        return Corrupt("an identifier number has no identifier");
      }
      visit(domain::IdentifierNumber{*wanted}, identifiers[*wanted - first]);
    }
  }
  KOBLING_RETURN_IF_ERROR(rows->status());
  if (wanted != numbers.end()) {
    return Corrupt("an identifier number has no identifier");
  }
  return absl::OkStatus();
}

std::uint32_t Directory::size() const {
  const std::shared_lock lock(mutex_);
  return next_;
}

std::size_t Directory::index_bytes() const {
  const std::shared_lock lock(mutex_);
  return index_.bytes();
}

}  // namespace kobling::storage
