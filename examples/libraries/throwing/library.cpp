#include "library.h"

#include <stdexcept>
#include <string>

extern "C" void records_reject(const char *reason) { throw std::invalid_argument(reason); }

extern "C" size_t records_read(const char *text, size_t length, records_handler handler,
                               void *user) {
    size_t rejected = 0;
    std::string all(text, length);
    for (size_t start = 0; start < all.size();) {
        size_t end = all.find('\n', start);
        if (end == std::string::npos) end = all.size();
        try {
            handler(all.data() + start, end - start, user);
        } catch (const std::invalid_argument &) {
            ++rejected;
        }
        start = end + 1;
    }
    return rejected;
}
