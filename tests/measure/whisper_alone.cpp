// The engine without Madang, for tests/measure/speech.py: listens to a WAV file of 16 kHz, 16 bits and one channel, and
// prints what it makes out. As whisper.cpp's own command line does by `-t 1 -bs 1 -bo 1 -nf -mc 0`.

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "whisper.h"

static void quiet(ggml_log_level, const char *, void *) {}

int main(int count, char ** arguments) {
    if (count != 4) {
        std::fprintf(stderr, "usage: whisper_alone MODEL LANGUAGE FILE.wav\n");
        return 2;
    }
    std::FILE * file = std::fopen(arguments[3], "rb");
    if (!file) {
        return 1;
    }
    std::vector<unsigned char> bytes;
    unsigned char piece[1 << 16];
    for (std::size_t read; (read = std::fread(piece, 1, sizeof piece, file)) > 0;) {
        bytes.insert(bytes.end(), piece, piece + read);
    }
    std::fclose(file);
    std::size_t at = 12;
    while (at + 8 <= bytes.size() && std::memcmp(&bytes[at], "data", 4) != 0) {
        std::uint32_t size;
        std::memcpy(&size, &bytes[at + 4], 4);
        at += 8 + size + size % 2;
    }
    std::vector<float> samples;
    for (at += 8; at + 2 <= bytes.size(); at += 2) {
        std::int16_t sample;
        std::memcpy(&sample, &bytes[at], 2);
        samples.push_back(sample / 32768.0f);
    }
    whisper_log_set(quiet, nullptr);
    whisper_context_params loading = whisper_context_default_params();
    loading.use_gpu = false;
    whisper_context * context = whisper_init_from_file_with_params(arguments[1], loading);
    if (!context) {
        return 1;
    }
    whisper_full_params parameters = whisper_full_default_params(WHISPER_SAMPLING_GREEDY);
    parameters.n_threads = 1;
    parameters.greedy.best_of = 1;
    parameters.temperature_inc = 0.0f;
    parameters.n_max_text_ctx = 0;
    parameters.suppress_nst = true;
    parameters.language = arguments[2];
    parameters.print_progress = false;
    if (whisper_full(context, parameters, samples.data(), static_cast<int>(samples.size())) != 0) {
        return 1;
    }
    for (int n = 0; n < whisper_full_n_segments(context); n++) {
        std::printf("%lld %lld %s\n", static_cast<long long>(whisper_full_get_segment_t0(context, n)) * 10,
                    static_cast<long long>(whisper_full_get_segment_t1(context, n)) * 10,
                    whisper_full_get_segment_text(context, n));
    }
    whisper_free(context);
}
