// Package docker shows a lab's containers as the Docker Engine 20.10 does, by
// its API 1.41 on a Unix socket, or on Windows on TCP.
//
//	server.go    listens, routes and names requests
//	find.go      containers by name or ID
//	list.go inspect.go status.go filter.go
//	             what docker ps and docker inspect show
//	stats.go logs.go top.go
//	             what runs in containers
//	change.go update.go create.go run.go
//	             changes of containers
//	exec.go program.go
//	             programs in containers
//	archive.go registry.go
//	             files of containers, and names of images
//	image.go network.go volume.go system.go events.go
//	             the rest of the engine
//	wait.go      waits for changes of the world
package docker
