/* sensor: readings from a device, delivered as they arrive. */
#ifndef SENSOR_H
#define SENSOR_H

#include <stdint.h>

/* The device is polled on a thread with a stack of this size, or the system's least
 * (PTHREAD_STACK_MIN) where that is more. */
#define SENSOR_STACK_BYTES (16 * 1024)

enum sensor_status {
    SENSOR_OK = 0,
    SENSOR_NO_THREAD = 1,   /* out of memory, or the thread could not be created */
    SENSOR_UNSUPPORTED = 2, /* the library was built without threads */
};

/* One reading: a wave, by its amplitude and its period in samples. */
struct sensor_reading {
    uint32_t sequence;
    float amplitude;
    uint32_t period;
};

/* Receives a reading on the library's thread. `reading` is valid until the function returns; `user`
 * is what was given to sensor_open. */
typedef void (*sensor_on_reading)(const struct sensor_reading *reading, void *user);

struct sensor;

/* Starts the thread, which delivers `readings` readings and ends. On success `*opened` is to be
 * given to sensor_close. */
enum sensor_status sensor_open(uint32_t readings, sensor_on_reading on_reading, void *user,
                               struct sensor **opened);

/* Waits until all readings were delivered and frees the sensor. */
void sensor_close(struct sensor *sensor);

#endif
